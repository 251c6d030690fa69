import type { Answer } from './answer.ts';
import { Background } from './background.ts';
import { type CacheOptions, checkOptions } from './cache-options.ts';
import { type Clock, systemClock } from './clock.ts';
import { type FillLimits, fillLimits } from './collapse/limits.ts';
import { Sightings } from './collapse/remembered.ts';
import { Turns } from './collapse/turns.ts';
import type { Report } from './doctor.ts';
import { guardObserver, type Observer } from './events.ts';
import type { Fill } from './fill.ts';
import { type Invalidated, Invalidator, type InvalidatorParts } from './invalidator.ts';
import type { Lock } from './lock.ts';
import type { Wanted } from './lookup.ts';
import type { StoringRules } from './policy.ts';
import { SHORTEST_SECONDS, seconds } from './policy-checks.ts';
import { systemRandom } from './random.ts';
import { Responses } from './responses.ts';
import { Schedule } from './schedule.ts';
import { type Serve, serving } from './store/budget.ts';
import type { Heard } from './store/coherence.ts';
import { keyspaceOf, type Shared, storeOf } from './store/compose.ts';
import type { Store } from './store/store.ts';
import type { Switch } from './switch.ts';
import { NAMESPACE_TAG, type Tag } from './tags.ts';
import { getMany, type LoadMany } from './values/many.ts';
import { type AheadOptions, slotOf, type ValueOptions } from './values/options.ts';
import { Values } from './values/values.ts';

const PASSED_BY = { kind: 'forward', fwd: 'bypass', fill: undefined } as const satisfies Answer;

/** The engine behind every door: whole responses and values, in one namespace, under one set of tags. */
export class Cache extends Invalidator {
  readonly namespace: string;
  /** What keys begin with: the namespace, and the version where there is one. */
  readonly keyspace: string;
  protected readonly invalidating: InvalidatorParts;
  readonly serve: Serve;
  readonly #store: Store;
  readonly #lock: Lock;
  readonly #shared: Shared | undefined;
  readonly #switch: Switch;
  readonly #clock: Clock;
  readonly #observe: Observer;
  readonly #limits: FillLimits;
  readonly #background: Background;
  readonly #schedule: Schedule;
  readonly #stopFollowing: () => void;
  readonly #responses: Responses;
  readonly #values: Values;
  #closed: Promise<void> | undefined;

  /** @throws LarderError `LARDER_INVALID_OPTIONS` */
  constructor(options: CacheOptions = {}) {
    super();
    checkOptions(options);
    const { clock = systemClock, random = systemRandom } = options;
    const observe = guardObserver(options.observe);
    const heard = ({ tags, softAt }: Heard) => softAt === undefined && this.#detach(tags);
    const composed = storeOf(options, { clock, observe, heard });
    const { namespace, store, lock, shared, budgetMs, killSwitch, lagMs } = composed;
    const limits = fillLimits(options.fills);
    const background = new Background(clock);
    const collapsing = { clock, lock, turns: new Turns(limits), limits };
    const isOff = () => killSwitch.isOff;
    const keyspace = keyspaceOf(namespace, options.version);
    const parts = {
      namespace,
      keyspace,
      lagMs,
      store,
      clock,
      random,
      observe,
      collapsing,
      background,
      isOff,
    };
    this.namespace = namespace;
    this.keyspace = keyspace;
    this.#stopFollowing = composed.close;
    const detach = (tags: readonly Tag[]) => this.#detach(tags);
    this.invalidating = { namespace, store, clock, observe, barrierMs: composed.barrierMs, detach };
    this.#store = store;
    this.#lock = lock;
    this.#shared = shared;
    this.serve = serving(clock, budgetMs);
    this.#switch = killSwitch;
    this.#clock = clock;
    this.#observe = observe;
    this.#limits = limits;
    this.#background = background;
    this.#schedule = new Schedule(clock, random, (error) =>
      observe({ type: 'error', namespace, doing: 'refresh ahead', error }),
    );
    this.#responses = new Responses({ ...parts, sightings: new Sightings() });
    this.#values = new Values({ ...parts, sightings: new Sightings() });
  }

  get #isIdle(): boolean {
    return this.#closed !== undefined || this.#switch.isOff;
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
    if (this.#isIdle) return this.#closed ? PASSED_BY : { ...PASSED_BY, detail: 'disabled' };
    return this.#responses.answer(wanted, rules);
  }

  /** What a policy further out has begun for the same key, and leaves to this one; undefined where it is another. */
  async adopt(outer: Fill, wanted: Wanted, rules: StoringRules): Promise<Fill | undefined> {
    return this.#isIdle ? undefined : this.#responses.adopt(outer, wanted, rules);
  }

  /**
   * The fill of a response that would not be fresh `aheadMs` from now; undefined where it would, or somebody is at it.
   */
  async ahead(wanted: Wanted, rules: StoringRules, aheadMs: number): Promise<Fill | undefined> {
    return this.#isIdle ? undefined : this.#responses.ahead(wanted, rules, aheadMs);
  }

  /**
   * A POST's turn, whose response may answer later GETs (RFC 9110 §9.3.3): `complete` it after the write's own
   * invalidation. Without a ttl alone, for it takes explicit freshness.
   */
  async write(wanted: Wanted, rules: StoringRules): Promise<Fill | undefined> {
    if (this.#isIdle || rules.ttl !== undefined) return undefined;
    return this.#responses.write(wanted, rules);
  }

  /**
   * The value of `key`, loaded once for all who ask at the same time, in all processes on one Redis. It is kept as
   * JSON, so what comes back is what JSON makes of a `T`, at the first call as at every other: a Date is a string.
   *
   * @throws LarderError `LARDER_INVALID_KEY`, `LARDER_INVALID_POLICY`, `LARDER_INVALID_TAG`, `LARDER_TIMEOUT`; and what
   * `load` throws
   */
  getOrSet<T>(key: string, options: ValueOptions, load: () => Promise<T> | T): Promise<T> {
    return this.#values.getOrSet(key, options, load);
  }

  /**
   * The values of several keys, in their order: all looked for in one round trip, and what is missing loaded together.
   * `load` gives values by key, and those that it leaves out are `undefined`. Each is a value like those of `getOrSet`.
   *
   * @throws LarderError as `getOrSet`; and what `load` throws
   */
  getMany<T>(
    keys: readonly string[],
    options: ValueOptions | ((key: string) => ValueOptions),
    load: LoadMany<T>,
  ): Promise<(T | undefined)[]> {
    return getMany(this.#values, keys, options, load);
  }

  /**
   * Keeps a value that is asked for all the time from ever ending: looks at it every so often, and loads it where it
   * would end before the next look. Of the processes on one Redis one does. Returns what stops it; `close` does too.
   *
   * @throws LarderError `LARDER_INVALID_KEY`, `LARDER_INVALID_POLICY`, `LARDER_INVALID_TAG`
   */
  refreshAhead(key: string, options: AheadOptions, load: () => unknown): () => void {
    const { every = options?.ttl / 3, ...kept } = { ...options };
    const slot = slotOf(this.keyspace, key, kept);
    const everyMs = seconds('every', every, SHORTEST_SECONDS) * 1000;
    return this.schedule(everyMs, (aheadMs) => this.#values.keepAhead(slot, load, aheadMs));
  }

  /** Runs again and again until it is stopped, or the cache is closed. `aheadMs` is when the next run may come, at the latest. */
  schedule(everyMs: number, run: (aheadMs: number) => Promise<void>): () => void {
    return this.#closed ? () => {} : this.#schedule.every(everyMs, run);
  }

  /** `getOrSet` for when a lifetime in seconds is all there is to say. */
  withCache<T>(key: string, ttl: number, load: () => Promise<T> | T): Promise<T> {
    return this.#values.getOrSet(key, { ttl }, load);
  }

  /**
   * Looks for what production checklists ask of what the cache stands on; nothing is changed. In memory alone there is
   * nothing to ask.
   * @throws LarderError `LARDER_STORE_FAILED` where it cannot be asked
   */
  async doctor(): Promise<Report> {
    return (await this.#shared?.doctor?.()) ?? { findings: [] };
  }

  /**
   * Turns the cache off while it runs, here at once and in every process on the same Redis within a second: handlers and
   * loads run, nothing is kept, invalidations go on being sent. `pending`: the others are told when Redis can be reached.
   */
  async disable(): Promise<Invalidated> {
    return { state: await this.#switch.turn(false) };
  }

  /** Turns it on again, with nothing in it. */
  async enable(): Promise<Invalidated> {
    return { state: await this.#switch.turn(true, () => this.#store.invalidate([NAMESPACE_TAG])) };
  }

  /**
   * Lets refreshes under way end, at most for `fills.drainTimeout`, then lets go of locks, memory and connections.
   * Idempotent. Requests after it run their handlers.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #detach(tags: readonly Tag[]): void {
    this.#responses.detach(tags);
    this.#values.detach(tags);
  }

  async #close(): Promise<void> {
    this.#schedule.stopAll();
    this.#switch.close();
    this.#stopFollowing();
    await this.#background.drain(this.#limits.drainTimeout * 1000);
    await Promise.all([this.#responses.close(), this.#values.close()]);
    await Promise.all([this.#store.close(), this.#lock.close()]);
  }
}
