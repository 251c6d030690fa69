import {
  type Answer,
  type Asking,
  collapsed,
  forwardOf,
  hit,
  isForPart,
  isWithCredentials,
  type Reused,
  runsAlone,
  UNANSWERED,
} from './answer.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Entry, StoredResponse } from './entry.ts';
import { type Delivery, guardObserver, type Observer } from './events.ts';
import { Fill } from './fill.ts';
import { type Flight, type FlightLimits, Flights, flightLimits } from './flight.ts';
import { type Demands, demandsOf } from './http/demands.ts';
import { targetUri } from './http/message.ts';
import { evaluate } from './http/reuse.ts';
import { matches } from './http/vary.ts';
import { type Found, lookup, type Wanted } from './lookup.ts';
import { type ValueOptions, Values } from './memoize.ts';
import { knownOptions, optionalCallback } from './options.ts';
import type { StoringRules } from './policy.ts';
import { type StoreSettings, storeOf } from './store/compose.ts';
import type { Store } from './store/store.ts';
import { LEASE_MS } from './store/tiered.ts';
import { joinTags, NAMESPACE_TAG, type Tag, userTags, writeTag } from './tags.ts';

export interface CacheOptions extends StoreSettings {
  /** Told of everything that happens; must not block. */
  readonly observe?: Observer;
  readonly flights?: Partial<FlightLimits>;
  readonly clock?: Clock;
}

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

  /** @throws LarderError `LARDER_INVALID_OPTIONS` */
  constructor(options: CacheOptions = {}) {
    knownOptions('options', options, ['namespace', 'memory', 'redis', 'observe', 'flights', 'clock']);
    optionalCallback('observe', options.observe);
    this.#clock = options.clock ?? systemClock;
    this.#observe = guardObserver(options.observe);
    const { namespace, store } = storeOf(options, this.#clock, this.#observe);
    const limits = flightLimits(options.flights);
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
    const demands = demandsOf(wanted.head.fields, rules.granted);
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const found = await this.#find(wanted, rules);
      const reuse = this.#evaluate(found, demands);
      if (reuse.kind === 'fresh' || (reuse.kind === 'stale' && reuse.byRequest))
        return hit(found.entry!.payload, reuse.ttl);
      if (demands.onlyIfCached)
        return reuse.kind === 'stale' ? hit(found.entry!.payload, reuse.ttl) : UNANSWERED;
      const asking = { wanted, rules, found, fwd: forwardOf(found, reuse) };
      if (isForPart(wanted)) return { kind: 'forward', fwd: asking.fwd, fill: undefined, detail: 'range' };
      if (runsAlone(asking, demands)) return this.#forward(asking, undefined);
      const flight = this.#flights.find(found.flightKey);
      if (flight === undefined)
        return this.#forward(asking, this.#flights.lead(found.flightKey, wanted.tags));
      if (reuse.kind === 'stale') return hit(found.entry!.payload, reuse.ttl);
      const landing = await flight.follow();
      if (landing.kind === 'alone') return this.#forward(asking, undefined);
      if (landing.kind === 'again') continue;
      const shared = await this.#shared(landing.result, flight, asking, beganMs);
      if (shared !== undefined) return collapsed(shared, asking.fwd, this.#clock.now());
    }
    const found = await this.#find(wanted, rules);
    const fwd = forwardOf(found, this.#evaluate(found, demands));
    return this.#forward({ wanted, rules, found, fwd }, undefined);
  }

  /**
   * A POST's turn, whose response may answer later GETs (RFC 9110 §9.3.3): `complete` it after the write's own
   * invalidation. Without a ttl alone, for it takes explicit freshness.
   */
  async write(wanted: Wanted, rules: StoringRules): Promise<Fill | undefined> {
    if (this.#closed || rules.ttl !== undefined) return undefined;
    const writes = writeTag(targetUri(wanted.head));
    const written = { ...wanted, tags: [...wanted.tags, writes] };
    // Of two writes at a time neither knows what the other leaves behind: this one tells those under way, and they it.
    await this.#store.invalidate([writes]);
    const snapshot = await this.#store.snapshot(written.tags);
    const parts = {
      wanted: written,
      rules,
      fwd: 'method',
      varyNames: [],
      stale: undefined,
      flight: undefined,
    } as const;
    return new Fill(this.#store, this.#clock, snapshot, parts);
  }

  /**
   * The value of `key`, loaded once for all who ask at the same time in this process. It is kept as JSON, so what
   * comes back is what JSON makes of a `T`, at the first call as at every other: a Date is a string.
   *
   * @throws LarderError `LARDER_INVALID_KEY`, `LARDER_INVALID_POLICY`, `LARDER_INVALID_TAG`; and what `load` throws
   */
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

  /** What is stored for the request, and may be used for who is asking. */
  async #find(wanted: Wanted, rules: StoringRules): Promise<Found> {
    const found = await lookup(this.#store, wanted);
    const forbidden = isWithCredentials(wanted, rules) && found.entry?.payload.forEverybody === false;
    return forbidden ? { ...found, entry: undefined, fwd: 'request' } : found;
  }

  #evaluate({ entry, fwd }: Found, demands: Demands): Reused {
    return entry === undefined
      ? { kind: 'forward', fwd }
      : evaluate(entry.payload, this.#clock.now(), demands);
  }

  async #forward(
    { wanted, rules, found, fwd }: Asking,
    flight: Flight<Entry<StoredResponse>> | undefined,
  ): Promise<Answer> {
    const stale = found.entry;
    if (wanted.head.method === 'HEAD' && stale === undefined)
      return { kind: 'forward', fwd, fill: undefined };
    // Its tags too: should the handler confirm it, it is stored anew with all of them.
    const snapshot = await this.#store.snapshot(joinTags(wanted.tags, stale?.tags ?? []));
    const parts = { wanted, rules, fwd, varyNames: found.varyNames, stale, flight };
    return { kind: 'forward', fwd, fill: new Fill(this.#store, this.#clock, snapshot, parts) };
  }

  /** What a follower may have of the leader's: the response its own request selects, and none older than it may see. */
  async #shared(
    entry: Entry<StoredResponse>,
    flight: Flight<Entry<StoredResponse>>,
    { wanted, rules }: Asking,
    beganMs: number,
  ): Promise<StoredResponse | undefined> {
    if (!matches(entry.payload.nominated, wanted.head.fields)) return undefined;
    if (isWithCredentials(wanted, rules) && !entry.payload.forEverybody) return undefined;
    // Another process may have invalidated between the fill's beginning and this request's.
    if (beganMs - flight.startedMs < LEASE_MS) return entry.payload;
    const { entry: checked } = await this.#find(wanted, rules);
    return checked !== undefined && evaluate(checked.payload, this.#clock.now()).kind === 'fresh'
      ? checked.payload
      : undefined;
  }
}
