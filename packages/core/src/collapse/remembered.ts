import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import type { CacheKey } from '../key.ts';

/** Keys remembered of each kind; past this the one that was used longest ago is forgotten. */
const MAX_REMEMBERED = 10_000;

/** Ms that a key stays known as one whose responses are for nobody else. */
const UNSHARED_MS = 120_000;

/**
 * Keys whose last response could not be shared (hit-for-miss): requests for them do not queue for what would not be
 * theirs. One that can be stored after all ends it, and so does time.
 */
export class Unshared {
  readonly #known = new LRUCache<CacheKey, { reason: string; untilMs: number }>({ max: MAX_REMEMBERED });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why the key's responses are not shared; undefined when they may be, as far as is known. */
  reasonFor(key: CacheKey): string | undefined {
    const known = this.#known.get(key);
    if (known === undefined || this.#clock.monotonicMs() < known.untilMs) return known?.reason;
    this.#known.delete(key);
    return undefined;
  }

  add(key: CacheKey, reason: string): void {
    this.#known.set(key, { reason, untilMs: this.#clock.monotonicMs() + UNSHARED_MS });
  }

  delete(key: CacheKey): void {
    this.#known.delete(key);
  }
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Keys whose refreshes fail: each further one waits twice as long, so that a handler in trouble is left alone. */
export class Backoff {
  readonly #failing = new LRUCache<CacheKey, { failures: number; untilMs: number }>({ max: MAX_REMEMBERED });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isPaused(key: CacheKey): boolean {
    const failing = this.#failing.get(key);
    return failing !== undefined && this.#clock.monotonicMs() < failing.untilMs;
  }

  failed(key: CacheKey): void {
    const failures = (this.#failing.get(key)?.failures ?? 0) + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    this.#failing.set(key, { failures, untilMs: this.#clock.monotonicMs() + pauseMs });
  }

  succeeded(key: CacheKey): void {
    this.#failing.delete(key);
  }
}

/**
 * Keys seen once and again: what is negative is kept at second sight only, so that ids that somebody makes up, each of
 * which is asked for once, fill nothing. In two halves, of which the older one is forgotten when the newer is full.
 */
export class Sightings {
  #newer = new Set<CacheKey>();
  #older = new Set<CacheKey>();

  /** Whether the key has been seen before; from now on it has. */
  again(key: CacheKey): boolean {
    const seen = this.#newer.has(key) || this.#older.has(key);
    if (!this.#newer.has(key) && this.#newer.size >= MAX_REMEMBERED) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(key);
    return seen;
  }
}
