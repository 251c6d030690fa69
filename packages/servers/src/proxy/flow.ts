import type { Socket } from 'node:net';
import type { Fault } from './faults.ts';

/** What waits is kept up to here; then its sender is kept waiting, as by a full buffer of the kernel's. */
const MOST_WAITING = 1024 * 1024;
const SLICES_PER_SECOND = 20;

interface Parcel {
  readonly bytes: Buffer;
  readonly since: number;
}

/** One direction of a connection: what comes from one socket goes to the other, in its order, as faults let it. */
export class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #fault: () => Fault;
  readonly #waiting: Parcel[] = [];
  #bytesWaiting = 0;
  #notBefore = 0;
  #ending: 'end' | 'reset' | undefined;
  #over = false;
  #awake: () => void = () => {};
  /** Bytes that went through. */
  passed = 0;

  constructor(from: Socket, to: Socket, fault: () => Fault) {
    this.#from = from;
    this.#to = to;
    this.#fault = fault;
    from.once('end', () => this.#endWith('end'));
    // Resets are errors; an end was told already.
    from.once('close', () => this.#endWith('reset'));
    to.on('drain', () => this.wake());
    to.once('close', () => this.stop());
    // Once the connection is whole that the faults are asked about.
    queueMicrotask(() => void this.#run());
  }

  push(bytes: Buffer): void {
    this.#waiting.push({ bytes, since: performance.now() });
    this.#bytesWaiting += bytes.length;
    if (this.#bytesWaiting > MOST_WAITING) this.#from.pause();
    this.wake();
  }

  /** To be called when the faults may be others. */
  wake(): void {
    this.#awake();
  }

  stop(): void {
    this.#over = true;
    this.wake();
  }

  #endWith(ending: 'end' | 'reset'): void {
    this.#ending ??= ending;
    this.wake();
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      const fault = this.#fault();
      const waitMs = this.#waitMs(fault);
      if (waitMs > 0) await this.#sleep(waitMs);
      else if (this.#waiting.length > 0) this.#pass(fault);
      else this.#finish();
    }
  }

  /** Milliseconds until the next parcel, or the end, may go; infinite while something else has to happen first. */
  #waitMs({ hold, delayMs = 0 }: Fault): number {
    const [next] = this.#waiting;
    if (hold || this.#to.writableNeedDrain) return Number.POSITIVE_INFINITY;
    if (next === undefined) return this.#ending === undefined ? Number.POSITIVE_INFINITY : 0;
    return Math.max(next.since + delayMs, this.#notBefore) - performance.now();
  }

  #pass({ bytesPerSecond, truncateTo, alter = (bytes) => bytes }: Fault): void {
    const { bytes, since } = this.#waiting.shift()!;
    const slice = bytes.subarray(0, sliceSize(bytesPerSecond));
    if (slice.length < bytes.length) this.#waiting.unshift({ bytes: bytes.subarray(slice.length), since });
    if (bytesPerSecond) this.#notBefore = performance.now() + (slice.length / bytesPerSecond) * 1000;
    this.#bytesWaiting -= slice.length;
    if (this.#bytesWaiting <= MOST_WAITING) this.#from.resume();
    const passing = alter(slice).subarray(0, truncateTo);
    this.passed += passing.length;
    this.#to.write(passing, () => truncateTo !== undefined && this.#cut());
  }

  #finish(): void {
    this.#over = true;
    if (this.#ending === 'end') this.#to.end();
    else this.#to.resetAndDestroy();
  }

  #cut(): void {
    this.#from.resetAndDestroy();
    this.#to.resetAndDestroy();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined;
      this.#awake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const sliceSize = (bytesPerSecond: number | undefined): number | undefined =>
  bytesPerSecond && Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND));
