import type { Clock } from '../clock.ts';
import type { CacheKey } from '../key.ts';
import { reachedBy } from '../pattern.ts';
import type { Tag } from '../tags.ts';
import type { FillLimits } from './limits.ts';

/** How a fill ended, for those who waited for it. */
export type Landing<T> =
  | {
      readonly kind: 'shared';
      readonly result: T;
      /** It is for who waits, and not kept: not yet, or because it was overtaken by an invalidation. */
      readonly unkept?: 'unadmitted' | 'overtaken' | undefined;
    }
  /** What came of it is for nobody else; each runs for itself, and so will the next ones for a while. */
  | { readonly kind: 'unshared'; readonly reason: string }
  /** It was about the one who asked, and says nothing of what the others will get. */
  | { readonly kind: 'alone' }
  /** The handler failed, or took too long. */
  | { readonly kind: 'failed' }
  /** Nobody knows what would have come of it, or an invalidation overtook it: they look again, and one of them leads. */
  | { readonly kind: 'again' };

/** One fill under way, and those who wait for it. */
export class Flight<T> {
  readonly startedMs: number;
  tags: readonly Tag[];
  /** Brings the fill forward where it waits for its turn. */
  bringForward: () => void = () => {};
  /** Called when nobody may join any more, for what it reads may be out of date. */
  detached: () => void = () => {};
  readonly #landed: Promise<Landing<T>>;
  readonly #clock: Clock;
  readonly #limits: FillLimits;
  readonly #ended: () => void;
  #followers = 0;
  #hurried = false;
  #begun = false;
  #begin!: () => void;
  readonly #beginning = new Promise<void>((resolve) => {
    this.#begin = resolve;
  });
  #land!: (landing: Landing<T>) => void;

  constructor(tags: readonly Tag[], clock: Clock, limits: FillLimits, ended: () => void) {
    this.tags = tags;
    this.startedMs = clock.monotonicMs();
    this.#clock = clock;
    this.#limits = limits;
    this.#ended = ended;
    this.#landed = new Promise((resolve) => {
      this.#land = resolve;
    });
  }

  get joinable(): boolean {
    return this.#followers < this.#limits.maxFollowers;
  }

  /** Somebody who holds a turn waits for it. */
  get hurried(): boolean {
    return this.#hurried;
  }

  hurry(): void {
    this.#hurried = true;
    this.bringForward();
  }

  /** It has had its turn: before that nobody could do any better than wait. */
  get begun(): boolean {
    return this.#begun;
  }

  begin(): void {
    this.#begun = true;
    this.#begin();
  }

  /**
   * Waits for the landing: at most `waitMs` once it has begun, and `patienceMs` in any case. `late` when there was none
   * by then.
   */
  async follow(waitMs: number, patienceMs: number): Promise<Landing<T> | { readonly kind: 'late' }> {
    this.#followers += 1;
    const timers: (() => void)[] = [];
    let over = false;
    const late = new Promise<{ kind: 'late' }>((resolve) => {
      const lateAfter = (ms: number) => {
        if (!over && ms < Number.POSITIVE_INFINITY)
          timers.push(this.#clock.after(ms, () => resolve({ kind: 'late' })));
      };
      lateAfter(patienceMs);
      if (this.#begun) lateAfter(waitMs);
      else this.#beginning.then(() => lateAfter(waitMs));
    });
    const landing = await Promise.race([this.#landed, late]);
    over = true;
    for (const cancel of timers) cancel();
    this.#followers -= 1;
    return landing;
  }

  /** Idempotent: the first landing counts. */
  land(landing: Landing<T>): void {
    this.#ended();
    this.#land(landing);
  }
}

/** The fills of this process, one a key. */
export class Flights<T> {
  readonly #flights = new Map<CacheKey, Flight<T>>();
  readonly #clock: Clock;
  readonly #limits: FillLimits;

  constructor(clock: Clock, limits: FillLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#flights.size;
  }

  find(key: CacheKey): Flight<T> | undefined {
    const flight = this.#flights.get(key);
    return flight?.joinable ? flight : undefined;
  }

  /** Another fill of the key could not be found: there are as many as may be, or it has all the followers it may have. */
  isFull(key: CacheKey): boolean {
    return this.#flights.has(key) || this.#flights.size >= this.#limits.maxFlights;
  }

  /** Begins a fill that others find. Not for a key that is full. */
  lead(key: CacheKey, tags: readonly Tag[]): Flight<T> {
    const flight = new Flight<T>(tags, this.#clock, this.#limits, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    this.#flights.set(key, flight);
    return flight;
  }

  /** Nobody joins a fill that may have read what is now out of date; who waits already began before that. */
  detach(tags: readonly Tag[]): void {
    const isGone = reachedBy(tags);
    for (const [key, flight] of this.#flights) {
      if (!flight.tags.some(isGone)) continue;
      this.#flights.delete(key);
      flight.detached();
    }
  }
}
