/** What a handler has read of its request, as long as nobody has paused the record. */
export class ReadLog {
  readonly fields = new Set<string>();
  readonly cookies = new Set<string>();
  readonly others = new Set<string>();
  #wholesale = false;
  #pauses = 0;

  get wholesale(): boolean {
    return this.#wholesale;
  }

  field(name: string): void {
    // Whoever takes all fields at once asks for each of them next.
    if (this.#pauses === 0 && !this.#wholesale) this.fields.add(name.toLowerCase());
  }

  allFields(): void {
    if (this.#pauses === 0) this.#wholesale = true;
  }

  cookie(name: string): void {
    if (this.#pauses === 0) this.cookies.add(name);
  }

  other(name: string): void {
    if (this.#pauses === 0) this.others.add(name);
  }

  pause(): void {
    this.#pauses += 1;
  }

  resume(): void {
    this.#pauses -= 1;
  }

  quietly<T>(run: () => T): T {
    this.#pauses += 1;
    try {
      return run();
    } finally {
      this.#pauses -= 1;
    }
  }
}

/** Where what is read by others than the handler goes. */
export const NOBODYS = new ReadLog();
NOBODYS.pause();
