/** Bytes that do not say what they should. */
export class Malformed extends Error {}

const COUNT_BYTES = 4;

/** Appends numbers, counts and length-prefixed UTF-8 texts. */
export class ByteWriter {
  readonly #parts: Buffer[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  count(value: number): void {
    const part = Buffer.allocUnsafe(COUNT_BYTES);
    part.writeUInt32BE(value);
    this.#parts.push(part);
  }

  number(value: number): void {
    const part = Buffer.allocUnsafe(8);
    part.writeDoubleBE(value);
    this.#parts.push(part);
  }

  text(value: string): void {
    const part = Buffer.from(value, 'utf8');
    this.count(part.length);
    this.#parts.push(part);
  }

  optional(value: string | undefined): void {
    this.count(value === undefined ? 0 : 1);
    if (value !== undefined) this.text(value);
  }

  list<T>(items: readonly T[], write: (item: T, index: number) => void): void {
    this.count(items.length);
    items.forEach(write);
  }
}

/** Reads what `ByteWriter` wrote. Every length is checked against what is there before it is believed. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @throws Malformed when anything is left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new Malformed();
  }

  count(): number {
    return this.#bytes.readUInt32BE(this.#take(COUNT_BYTES));
  }

  number(): number {
    const value = this.#bytes.readDoubleBE(this.#take(8));
    if (!Number.isFinite(value)) throw new Malformed();
    return value;
  }

  text(): string {
    const length = this.count();
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  optional(): string | undefined {
    const present = this.count();
    if (present > 1) throw new Malformed();
    return present === 1 ? this.text() : undefined;
  }

  list<T>(read: () => T): T[] {
    const length = this.count();
    // Every item begins with a count, so a longer list than that is a lie.
    if (length > (this.#bytes.length - this.#at) / COUNT_BYTES) throw new Malformed();
    return Array.from({ length }, read);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw new Malformed();
    this.#at = start + length;
    return start;
  }
}
