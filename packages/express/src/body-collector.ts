/** The bytes a handler writes, kept as long as they are within the limit. */
export class BodyCollector {
  readonly #limitBytes: number;
  readonly #overflow: () => void;
  #chunks: Buffer[] | undefined = [];
  #length = 0;

  /** `overflow` is called once, when the limit is passed and everything is let go. */
  constructor(limitBytes: number, overflow: () => void) {
    this.#limitBytes = limitBytes;
    this.#overflow = overflow;
  }

  add(chunk: unknown, encoding: BufferEncoding | undefined): void {
    if (this.#chunks === undefined) return;
    const bytes = copyOf(chunk, encoding, this.#limitBytes - this.#length);
    if (bytes === undefined) {
      this.#chunks = undefined;
      this.#overflow();
    } else {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
    }
  }

  /** Nobody will ask for the bytes. */
  letGo(): void {
    this.#chunks = undefined;
  }

  /** One buffer with exactly the bytes written; undefined when they were too many. */
  whole(): Buffer | undefined {
    if (this.#chunks === undefined) return undefined;
    if (this.#chunks.length === 1) return this.#chunks[0];
    const whole = Buffer.allocUnsafeSlow(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) at += chunk.copy(whole, at);
    this.#chunks = [whole];
    return whole;
  }
}

/** A copy, because the writer may use its buffer again. Undefined for too much, and for what Node will refuse. */
function copyOf(chunk: unknown, encoding: BufferEncoding | undefined, room: number): Buffer | undefined {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, encoding) > room ? undefined : Buffer.from(chunk, encoding);
  }
  if (!(chunk instanceof Uint8Array) || chunk.byteLength > room) return undefined;
  const copy = Buffer.allocUnsafeSlow(chunk.byteLength);
  copy.set(chunk);
  return copy;
}
