import type { Clock } from '@larder/core';
import type { LogEntry } from './log.ts';

/** What was begun so long ago is done, or nobody will ever do it: a command is not on its way for longer. */
const MOST_MS = 60_000;

/**
 * What others have said that they begin to invalidate step by step, and not yet that they are done. Until then what is
 * read may be about to be invalidated, and whoever dies in between tells nobody.
 */
export class Unfinished {
  readonly #clock: Clock;
  /** When it was heard of, in monotonic ms. */
  readonly #begun = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get any(): boolean {
    const now = this.#clock.monotonicMs();
    for (const [id, heardMs] of this.#begun) if (now >= heardMs + MOST_MS) this.#begun.delete(id);
    return this.#begun.size > 0;
  }

  hear({ work }: Pick<LogEntry, 'work'>): void {
    if (work?.state === 'begins') this.#begun.set(work.id, this.#clock.monotonicMs());
    if (work?.state === 'ends') this.#begun.delete(work.id);
  }
}
