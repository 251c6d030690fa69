import { type Clock, systemClock } from './clock.ts';
import type { Entry, StoredResponse } from './entry.ts';
import { type Delivery, guardObserver, type Observer } from './events.ts';
import { Fill } from './fill.ts';
import { DEFAULT_FLIGHT_LIMITS, type Flight, type FlightLimits, Flights } from './flight.ts';
import { cacheControlOf } from './http/cache-control.ts';
import type { CacheStatus, Forward } from './http/cache-status.ts';
import { evaluate, type Reuse, ttlOf } from './http/reuse.ts';
import { matches } from './http/vary.ts';
import { type Found, lookup, type Wanted } from './lookup.ts';
import { type ValueOptions, Values } from './memoize.ts';
import type { StoringRules } from './policy.ts';
import { type StoreSettings, storeOf } from './store/compose.ts';
import type { Store } from './store/store.ts';
import { LEASE_MS } from './store/tiered.ts';
import { NAMESPACE_TAG, type Tag, userTags } from './tags.ts';

export interface CacheOptions extends StoreSettings {
  /** Told of everything that happens; must not block. */
  readonly observe?: Observer;
  readonly flights?: Partial<FlightLimits>;
  readonly clock?: Clock;
}

/** What a request gets: a stored response to send, or the handler's turn with a fill to store its response. */
export type Answer =
  | { readonly kind: 'stored'; readonly stored: StoredResponse; readonly status: CacheStatus }
  | { readonly kind: 'forward'; readonly fwd: Forward; readonly fill: Fill | undefined };

/** Times a request looks again after an invalidation overtook what it waited for. */
const MAX_LOOKS = 3;

/** The engine behind every door: whole responses and values, in one namespace, under one set of tags. */
export class Cache {
  readonly namespace: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #observe: Observer;
  readonly #flights: Flights<Entry<StoredResponse>>;
  readonly #values: Values;
  #closed = false;

  constructor(options: CacheOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#observe = guardObserver(options.observe);
    const { namespace, store } = storeOf(options, this.#clock, this.#observe);
    const limits = { ...DEFAULT_FLIGHT_LIMITS, ...options.flights };
    this.namespace = namespace;
    this.#store = store;
    this.#flights = new Flights(this.#clock, limits);
    this.#values = new Values({ namespace, store, clock: this.#clock, observe: this.#observe, limits });
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** Tells the observer. */
  get observe(): Observer {
    return this.#observe;
  }

  /** A stored response, or the handler's turn. Never rejects: a cache that fails is a cache that misses. */
  async answer(wanted: Wanted, rules: StoringRules): Promise<Answer> {
    if (this.#closed) return { kind: 'forward', fwd: 'bypass', fill: undefined };
    const beganMs = this.#clock.monotonicMs();
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const found = await lookup(this.#store, wanted);
      const reuse = this.#evaluate(found);
      if (reuse.kind === 'fresh') return hit(found.entry!.payload, reuse.ttl);
      if (wanted.head.method === 'HEAD') return { kind: 'forward', fwd: forwardOf(found), fill: undefined };
      // What it gets is for itself: nobody should wait for it, nor it for anybody.
      if (isNoStore(wanted.head)) return this.#forward(wanted, rules, found, undefined);
      const flight = this.#flights.find(found.flightKey);
      if (flight === undefined) {
        return this.#forward(wanted, rules, found, this.#flights.lead(found.flightKey, wanted.tags));
      }
      if (reuse.kind === 'stale') return hit(found.entry!.payload, reuse.ttl);
      const landing = await flight.follow();
      if (landing.kind === 'alone') return this.#forward(wanted, rules, found, undefined);
      if (landing.kind === 'again') continue;
      const shared = await this.#shared(landing.result, flight, wanted, beganMs);
      if (shared !== undefined) return collapsed(shared, found, this.#clock.now());
    }
    const found = await lookup(this.#store, wanted);
    return this.#forward(wanted, rules, found, undefined);
  }

  /** The value of `key`, loaded once for all who ask at the same time in this process. */
  getOrSet<T>(key: string, options: ValueOptions, load: () => Promise<T> | T): Promise<T> {
    return this.#values.getOrSet(key, options, load);
  }

  /** `getOrSet` for when a lifetime in seconds is all there is to say. */
  withCache<T>(key: string, ttl: number, load: () => Promise<T> | T): Promise<T> {
    return this.#values.getOrSet(key, { ttl }, load);
  }

  /**
   * Removes everything that carries one of the tags, responses and values alike. Once it resolves `done`,
   * this process serves nothing of them that was computed before, and no other does after one second.
   * `pending`: the shared store could not be reached; it is told before this process reads it again.
   *
   * @throws LarderError `LARDER_INVALID_TAG`
   */
  async invalidate(tags: string | readonly string[]): Promise<{ state: Delivery }> {
    return this.invalidateTags(userTags(tags));
  }

  /** Removes everything in the namespace, in one step whatever its size. */
  async invalidateAll(): Promise<{ state: Delivery }> {
    return this.invalidateTags([NAMESPACE_TAG]);
  }

  /** `invalidate` for tags in the form stores see them, the cache's own among them. */
  async invalidateTags(tags: readonly Tag[]): Promise<{ state: Delivery }> {
    if (tags.length === 0) return { state: 'done' };
    this.#flights.detach(tags);
    this.#values.detach(tags);
    const state = await this.#store.invalidate(tags);
    this.#observe({ type: 'invalidate', namespace: this.namespace, tags: tags.length, delivery: state });
    return { state };
  }

  /** Lets go of memory and connections; idempotent. Requests after it run their handlers. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#store.close();
  }

  #evaluate({ entry }: Found): Reuse {
    return entry === undefined
      ? { kind: 'forward', staleIfError: false }
      : evaluate(entry.payload, this.#clock.now());
  }

  async #forward(
    wanted: Wanted,
    rules: StoringRules,
    found: Found,
    flight: Flight<Entry<StoredResponse>> | undefined,
  ): Promise<Answer> {
    const snapshot = await this.#store.snapshot(wanted.tags);
    const fwd = forwardOf(found);
    const parts = { wanted, rules, fwd, varyNames: found.varyNames, stale: found.entry?.payload, flight };
    return { kind: 'forward', fwd, fill: new Fill(this.#store, this.#clock, snapshot, parts) };
  }

  /** What a follower may have of the leader's: the response its own request selects, and none older than it may see. */
  async #shared(
    entry: Entry<StoredResponse>,
    flight: Flight<Entry<StoredResponse>>,
    wanted: Wanted,
    beganMs: number,
  ): Promise<StoredResponse | undefined> {
    if (!matches(entry.payload.nominated, wanted.head.fields)) return undefined;
    // Another process may have invalidated between the fill's beginning and this request's.
    if (beganMs - flight.startedMs < LEASE_MS) return entry.payload;
    const { entry: checked } = await lookup(this.#store, wanted);
    return checked !== undefined && evaluate(checked.payload, this.#clock.now()).kind === 'fresh'
      ? checked.payload
      : undefined;
  }
}

const hit = (stored: StoredResponse, ttl: number): Answer => ({
  kind: 'stored',
  stored,
  status: { hit: true, ttl },
});

/** RFC 9111 §5.2.1.5. */
const isNoStore = ({ fields }: Wanted['head']): boolean => cacheControlOf(fields).has('no-store');

const forwardOf = ({ entry, fwd }: Found): Forward => (entry === undefined ? fwd : 'stale');

const collapsed = (stored: StoredResponse, found: Found, now: number): Answer => ({
  kind: 'stored',
  stored,
  status: { fwd: forwardOf(found), collapsed: true, ttl: ttlOf(stored, now) },
});
