import { aside, type Clock, type Heard, type Lease } from '@larder/core';
import { type Changed, Held } from './held.ts';
import type { AllNews, Logs, Positions } from './logs.ts';
import type { Hearing } from './subscription.ts';
import { Unfinished } from './unfinished.ts';

export interface FollowerParts {
  readonly logs: Logs;
  readonly clock: Clock;
  readonly lagMs: number;
  readonly heard: (news: Heard) => void;
  /** Told where the cache is found to be turned off. */
  readonly off: () => void;
  /** Has it told when there may be something to read, as far as that can be heard. */
  readonly hints: (hinted: () => void) => Pick<Hearing, 'begin' | 'close'>;
  /** Told when it is up to date, and when it has not been for longer than the lag. */
  readonly changed: Changed;
}

/** Looks in the time of one lag: one may be lost, and the next be late. */
const LOOKS = 3;
let sessions = 0;

/**
 * Follows the logs of invalidations. Their order is the one that counts, and a look at them goes the way that reads go:
 * no message need arrive, and nothing is missed but where a log itself cannot tell, which begins another session. What
 * a look finds was written before it was answered, so all that was written before it was sent is known: the lease
 * counts from there.
 */
export class Follower implements Lease {
  readonly lagMs: number;
  readonly #parts: FollowerParts;
  readonly #hints: Pick<Hearing, 'begin' | 'close'>;
  #session: string | undefined;
  #positions: Positions | undefined;
  readonly #held: Held;
  readonly #unfinished: Unfinished;
  #looking = false;
  #again = false;
  #begun = false;
  #closed = false;
  #cancelNext = () => {};

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.lagMs = parts.lagMs;
    this.#held = new Held(parts.clock, parts.changed);
    this.#unfinished = new Unfinished(parts.clock);
    this.#hints = parts.hints(() => this.look());
  }

  get session(): string | undefined {
    this.#begin();
    return this.#unfinished.any ? undefined : this.#session;
  }

  get untilMs(): number {
    return this.#held.untilMs;
  }

  /** There may be something to read. */
  look(): void {
    if (!this.#begun || this.#closed) return;
    this.#again = true;
    if (!this.#looking) void aside(() => this.#look());
  }

  close(): void {
    this.#closed = true;
    this.#session = undefined;
    this.#hints.close();
    this.#cancelNext();
    this.#held.close();
  }

  #begin(): void {
    if (this.#begun || this.#closed) return;
    this.#begun = true;
    this.#hints.begin();
    this.look();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#cancelNext();
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#lookOnce().catch(() => {});
    }
    this.#looking = false;
    if (!this.#closed) this.#cancelNext = this.#parts.clock.after(this.lagMs / LOOKS, () => this.look());
  }

  async #lookOnce(): Promise<void> {
    const { logs, clock } = this.#parts;
    const sentMs = clock.monotonicMs();
    const news = this.#positions && (await logs.news(this.#positions));
    if (this.#closed) return;
    if (news === undefined) return this.#startAnew(sentMs);
    this.#hear(news);
    if (news.more) this.#again = true;
    else this.#held.until(sentMs + this.lagMs);
  }

  #hear({ heard, positions, off }: AllNews): void {
    this.#positions = positions;
    if (off) this.#parts.off();
    for (const news of heard)
      if (this.#unfinished.hear(news) && news.tags.length > 0) this.#parts.heard(news);
  }

  /** From the end of the logs: of what they said before, all that counts is what may not be done yet. */
  async #startAnew(sentMs: number): Promise<void> {
    this.#positions = undefined;
    this.#session = undefined;
    const { logs } = this.#parts;
    const positions = await logs.positions();
    if (![...positions.values()].every((position) => position !== undefined)) return;
    const last = await logs.last();
    if (this.#closed) return;
    for (const entry of last) this.#unfinished.hear(entry);
    this.#positions = positions;
    sessions += 1;
    this.#session = String(sessions);
    this.#held.until(sentMs + this.lagMs);
  }
}
