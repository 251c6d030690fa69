/** What befalls bytes on their way in one direction. */
export interface Fault {
  /** Milliseconds that everything takes longer. */
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
  /** Nothing gets through, and nobody is told. What waits goes on its way when this is lifted. */
  readonly hold?: boolean;
  /** Of what comes next only so many bytes get through; then the connection is reset. */
  readonly truncateTo?: number;
  /** What arrives in place of what was sent. */
  readonly alter?: (bytes: Buffer) => Buffer;
}

export interface Faults {
  readonly requests?: Fault;
  readonly replies?: Fault;
}

export type Direction = keyof Faults;

/** Accepts, and never answers. */
export const SILENCE: Faults = { requests: { hold: true }, replies: { hold: true } };

/** One bit of every so many bytes is another. */
export const flipEvery =
  (distance: number) =>
  (bytes: Buffer): Buffer =>
    bytes.map((byte, i) => (i % distance === distance - 1 ? byte ^ 1 : byte)) as Buffer;
