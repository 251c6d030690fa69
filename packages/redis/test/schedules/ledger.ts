/** Of each process: how it learns what others have invalidated. `none`: it has no memory. */
export type Mode = 'lease' | 'strict' | 'none';

export const LAG_MS = 1000;

interface Write {
  readonly version: number;
  readonly by: string;
  /** Whether its own process serves nothing older any more. */
  forgotten: boolean;
  /** Since when Redis knows, if it does. */
  ackedMs: number;
}

export interface Reader {
  readonly by: string;
  /** Nothing answers it that Redis was not asked for after it began. */
  readonly asks: boolean;
  readonly nowMs: number;
}

/** The row in the database, as a version of it, and what the writes of it have been promised. */
export class Ledger {
  #version = 1;
  readonly #writes: Write[] = [];

  get version(): number {
    return this.#version;
  }

  commit(by: string): Write {
    this.#version += 1;
    const write: Write = { version: this.#version, by, forgotten: false, ackedMs: Number.POSITIVE_INFINITY };
    this.#writes.push(write);
    return write;
  }

  /** All that this process had to tell Redis has been told. */
  delivered(by: string, nowMs: number): void {
    for (const write of this.#writes)
      if (write.by === by && write.forgotten) write.ackedMs = Math.min(write.ackedMs, nowMs);
  }

  /** Nothing older may be given to who begins to read now. */
  owed({ by, asks, nowMs }: Reader): number {
    const due = this.#writes.filter(
      (write) =>
        (write.by === by && write.forgotten) ||
        (write.ackedMs < Number.POSITIVE_INFINITY && (asks || nowMs >= write.ackedMs + LAG_MS)),
    );
    return Math.max(1, ...due.map(({ version }) => version));
  }
}
