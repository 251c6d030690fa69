import type { Clock } from './clock.ts';

/** Work behind responses that have been served. At shutdown it may end, and nothing new begins. */
export class Background {
  readonly #clock: Clock;
  readonly #under = new Set<Promise<void>>();
  #closing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get closing(): boolean {
    return this.#closing;
  }

  get size(): number {
    return this.#under.size;
  }

  /** `work` must not reject. */
  add(work: Promise<void>): void {
    this.#under.add(work);
    work.finally(() => this.#under.delete(work));
  }

  /** Resolves when everything has ended, at most after `ms`. */
  async drain(ms: number): Promise<void> {
    this.#closing = true;
    if (this.#under.size === 0) return;
    let cancel = () => {};
    const timeUp = new Promise<void>((resolve) => {
      cancel = this.#clock.after(ms, resolve);
    });
    await Promise.race([Promise.all(this.#under), timeUp]);
    cancel();
  }
}
