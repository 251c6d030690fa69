import type { Clock } from '@larder/core';
import type { LogEntry } from './log.ts';

/** What nobody has spoken of for so long is done, or nobody will ever do it: who takes longer says so again and again. */
const MOST_MS = 60_000;

/**
 * What others have said that they begin to invalidate step by step, and not yet that they are done. Until then what is
 * read may be about to be invalidated, and whoever dies in between tells nobody.
 */
export class Unfinished {
  readonly #clock: Clock;
  /** When each was heard of last, in monotonic ms, the oldest first. */
  readonly #begun = new Map<string, number>();
  /** It is said in every log, one by one. */
  readonly #ended = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get any(): boolean {
    this.#forget(this.#begun);
    return this.#begun.size > 0;
  }

  /** False for what was heard before, in another log or at another time. */
  hear({ work }: Pick<LogEntry, 'work'>): boolean {
    if (work === undefined) return true;
    this.#forget(this.#ended);
    const { id, state } = work;
    if (this.#ended.has(id)) return false;
    const isKnown = this.#begun.delete(id) && state === 'begins';
    const heard = state === 'begins' ? this.#begun : this.#ended;
    heard.set(id, this.#clock.monotonicMs());
    return !isKnown;
  }

  #forget(heard: Map<string, number>): void {
    // Asked at every hit in memory, and almost always there is nothing.
    if (heard.size === 0) return;
    const untilMs = this.#clock.monotonicMs() - MOST_MS;
    for (const [id, heardMs] of heard) {
      if (heardMs > untilMs) return;
      heard.delete(id);
    }
  }
}
