/** What was opened is closed in the opposite order, whether all of it came up or not. */
export class Lifecycle {
  readonly #closers: { name: string; close: () => Promise<unknown> }[] = [];
  #closing: Promise<void> | undefined;

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  onClose(name: string, close: () => Promise<unknown>): void {
    this.#closers.push({ name, close });
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (let last = this.#closers.pop(); last !== undefined; last = this.#closers.pop()) {
      try {
        await last.close();
      } catch (error) {
        // What cannot be closed must not keep the rest open.
        console.error(`${last.name} did not close: ${(error as Error).message}`);
      }
    }
  }
}

/** The first signal closes and exits with 0; the second does not wait. */
export function closeOnSignals(lifecycle: Lifecycle, say: (line: string) => void): void {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    say('Closing: requests under way may finish. Once more to end now.');
    void lifecycle.close().then(() => process.exit(0));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
