import type { Clock } from './clock.ts';
import type { CacheKey } from './key.ts';
import { knownOptions, positive } from './options.ts';
import type { Tag } from './tags.ts';

/**
 * What the followers of a fill get: its result; or that there is none to share, so that each runs for itself;
 * or that it was lost or overtaken by an invalidation, so that they look again and one of them leads.
 */
export type Landing<T> =
  | { readonly kind: 'shared'; readonly result: T }
  | { readonly kind: 'alone' }
  | { readonly kind: 'again' };

export interface FlightLimits {
  /** Ms that a follower waits before it goes its own way. Default 10,000. */
  readonly waitMs: number;
  /** Ms after which nobody joins a fill any more, as if it were lost. Default 30,000. */
  readonly fillMs: number;
  /** Fills that can be joined at a time; further ones run alone. Default 10,000. */
  readonly maxFlights: number;
  /** Followers of one fill; further ones run alone. Default 10,000. */
  readonly maxFollowers: number;
}

const DEFAULT_FLIGHT_LIMITS: FlightLimits = {
  waitMs: 10_000,
  fillMs: 30_000,
  maxFlights: 10_000,
  maxFollowers: 10_000,
};

/**
 * Limits with their defaults.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function flightLimits(given: Partial<FlightLimits> = {}): FlightLimits {
  const limits = { ...DEFAULT_FLIGHT_LIMITS };
  knownOptions('flights', given, Object.keys(limits));
  for (const name of Object.keys(limits) as (keyof FlightLimits)[]) {
    if (given[name] !== undefined)
      Object.assign(limits, { [name]: positive(`flights.${name}`, given[name]) });
  }
  return limits;
}

/** One fill under way, and those who wait for it. */
export class Flight<T> {
  readonly startedMs: number;
  readonly tags: readonly Tag[];
  #followers = 0;
  #land!: (landing: Landing<T>) => void;
  readonly #landed: Promise<Landing<T>>;
  readonly #clock: Clock;
  readonly #limits: FlightLimits;
  readonly #ended: () => void;

  constructor(tags: readonly Tag[], clock: Clock, limits: FlightLimits, ended: () => void) {
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
    return this.#followers < this.#limits.maxFollowers && !this.lost;
  }

  /** So long under way that nobody waits for it any more. */
  get lost(): boolean {
    return this.#clock.monotonicMs() - this.startedMs >= this.#limits.fillMs;
  }

  /** Waits for the landing, at most `waitMs`. */
  async follow(): Promise<Landing<T>> {
    this.#followers += 1;
    let cancel = () => {};
    const timeUp = new Promise<Landing<T>>((resolve) => {
      cancel = this.#clock.after(this.#limits.waitMs, () => resolve({ kind: 'alone' }));
    });
    const landing = await Promise.race([this.#landed, timeUp]);
    cancel();
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
  readonly #limits: FlightLimits;

  constructor(clock: Clock, limits: FlightLimits) {
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

  /** Begins a fill that others find. Over the ceiling it is one that nobody finds. */
  lead(key: CacheKey, tags: readonly Tag[]): Flight<T> {
    const flight = new Flight<T>(tags, this.#clock, this.#limits, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    this.#flights.delete(key);
    this.#forgetLost();
    if (this.#flights.size < this.#limits.maxFlights) this.#flights.set(key, flight);
    return flight;
  }

  /** Fills that never landed, oldest first: their handlers answered nobody. */
  #forgetLost(): void {
    for (const [key, flight] of this.#flights) {
      if (!flight.lost) return;
      this.#flights.delete(key);
    }
  }

  /** Nobody joins a fill that may have read what is now out of date; who waits already began before that. */
  detach(tags: readonly Tag[]): void {
    const gone = new Set(tags);
    for (const [key, flight] of this.#flights) {
      if (flight.tags.some((tag) => gone.has(tag))) this.#flights.delete(key);
    }
  }
}
