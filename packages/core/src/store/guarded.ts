import type { Entry } from '../entry.ts';
import { LarderError } from '../errors.ts';
import type { Delivery, StoreOperation } from '../events.ts';
import type { CacheKey } from '../key.ts';
import { isPattern } from '../pattern.ts';
import { NAMESPACE_TAG, type Tag } from '../tags.ts';
import { attempt, type GuardContext, observed } from './attempt.ts';
import { aside, Budget, budgetOfRequest } from './budget.ts';
import { Invalidations } from './invalidations.ts';
import { inTime } from './patience.ts';
import { Recent } from './recent.ts';
import type { Reading, Snapshot, Store, Sweep } from './store.ts';
import { Undelivered } from './undelivered.ts';
import { Unswept } from './unswept.ts';

/** How soon an undelivered invalidation is tried again, though nobody reads: other processes may. */
const RETRY_MS = 1000;
/** Deliveries that one invalidation waits for: one may be under way that does not carry it. */
const DELIVERIES = 2;

const NOTHING_STORED: Snapshot = { set: async () => false, stands: async () => false };

/**
 * A store that may fail, made one that only misses. An invalidation it could not deliver is kept and tried again; until
 * it is delivered, nothing with its tags is read from the store here, or stored in it.
 */
export const guardedStore = (store: Store, context: GuardContext): GuardedStore =>
  new GuardedStore(store, context);

class GuardedStore implements Store {
  readonly #store: Store;
  readonly #context: GuardContext;
  readonly #recent: Recent;
  readonly #undelivered = new Undelivered();
  readonly #unswept = new Unswept();
  /** A read that began before may still have what the store has been told of meanwhile. */
  readonly #delivered = new Invalidations();
  #delivering: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #told = 0;
  #cancelRetry = () => {};
  #closed = false;

  constructor(store: Store, context: GuardContext) {
    this.#store = store;
    this.#context = context;
    this.#recent = new Recent(context.clock);
  }

  async get(key: CacheKey, tags: readonly Tag[], reading?: Reading): Promise<Entry | undefined> {
    this.#deliverMore();
    const { moment } = this.#delivered;
    const entry = await this.#attempt('get', () => this.#store.get(key, tags, reading), undefined);
    if (entry === undefined || this.#touches(entry.tags)) return undefined;
    return this.#delivered.overtaken(entry.tags, moment) ? undefined : entry;
  }

  async snapshot(tags: readonly Tag[], key?: CacheKey): Promise<Snapshot> {
    this.#deliverMore();
    const snapshot = await this.#attempt('snapshot', () => this.#store.snapshot(tags, key), undefined);
    if (snapshot === undefined) return NOTHING_STORED;
    return {
      // What is out of date would be found by other processes, and by this one once everything is delivered.
      set: async (entry) =>
        !this.#touches(entry.tags) && (await this.#attempt('set', () => snapshot.set(entry), false)),
      stands: async (tags) =>
        !this.#touches(tags) && (await this.#attempt('snapshot', () => snapshot.stands(tags), false)),
    };
  }

  async invalidate(tags: readonly Tag[]): Promise<Delivery> {
    this.#undelivered.add(tags);
    const { last } = this.#undelivered;
    const { clock, budgetMs, deadlineMs } = this.#context;
    // Whatever the request has left: it is sent all the same, and waited for that long.
    const budget = budgetOfRequest() ?? new Budget(clock, budgetMs);
    for (let delivery = 0; delivery < DELIVERIES; delivery += 1) {
      const delivering = this.#deliver();
      if (budget.leftMs < 1) break;
      await budget.wait(delivering, deadlineMs).catch(() => {});
      if (this.#undelivered.isTold(tags, last)) return 'done';
    }
    return 'pending';
  }

  /** Where it cannot be told at once, they are invalidated for good: rather too much than something forgotten. */
  async soften(tags: readonly Tag[], at: number): Promise<Delivery> {
    const told = await this.#attempt<Delivery>('invalidate', () => this.#store.soften(tags, at), 'pending');
    if (told === 'pending') return this.invalidate(tags);
    this.#recent.add(tags);
    return 'done';
  }

  /**
   * A sweep that cannot be done to its end is begun anew until it can, for good; nothing that it is for is read here
   * before. While a soft one is under way, what there is may still be given.
   */
  async sweep(pattern: Tag, how: Sweep = {}): Promise<Delivery> {
    const sweep = how.softAt === undefined ? this.#unswept.begin(pattern) : undefined;
    try {
      await this.#sweep(pattern, how, sweep);
      return 'done';
    } catch (error) {
      if (how.signal?.aborted || isRefused(error)) {
        if (sweep !== undefined) this.#unswept.drop(pattern, sweep);
        throw how.signal?.aborted ? how.signal.reason : error;
      }
      this.#leave(pattern, sweep ?? this.#unswept.begin(pattern));
      this.#tell();
      this.#retryLater();
      return 'pending';
    }
  }

  /** Invalidates once more what it has acknowledged in the last minute, which is returned. */
  repeat(): readonly Tag[] {
    if (this.#closed) return [];
    const tags = this.#recent.tags();
    for (const tag of tags) if (isPattern(tag)) this.#leave(tag, this.#unswept.begin(tag));
    this.#undelivered.add(
      tags.filter((tag) => !isPattern(tag)),
      true,
    );
    this.#deliverMore();
    this.#sweepMore();
    return tags;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry();
    if (this.#undelivered.size > 0) await this.#deliver();
    const { clock, deadlineMs } = this.#context;
    await inTime(clock, deadlineMs, this.#store.close()).catch(() => {});
  }

  #deliverMore(): void {
    if (this.#undelivered.size > 0) void this.#deliver();
  }

  /** One at a time, for everybody, and nobody's in particular: it is not over when somebody has no time left. */
  #deliver(): Promise<void> {
    this.#delivering ??= aside(() => this.#send()).finally(() => {
      this.#delivering = undefined;
    });
    return this.#delivering;
  }

  async #send(): Promise<void> {
    const { last } = this.#undelivered;
    const acknowledged = (tags: readonly Tag[]) => {
      this.#delivered.mark(tags);
      this.#recent.add(this.#undelivered.acknowledge(tags, last));
      this.#tell();
    };
    const tags = this.#undelivered.tags();
    const send = () => this.#store.invalidate(tags, acknowledged);
    if ((await this.#attempt<Delivery>('invalidate', send, 'pending')) === 'done') acknowledged(tags);
    this.#tell();
    this.#retryLater();
  }

  /** Those that were not done, one after the other. */
  #sweepMore(): void {
    if (this.#unswept.left.length === 0) return;
    this.#sweeping ??= aside(async () => {
      for (const pattern of this.#unswept.left) {
        const sweep = this.#unswept.begin(pattern);
        // The one that failed is still there.
        await this.#sweep(pattern, {}, sweep).catch(() => this.#unswept.drop(pattern, sweep));
      }
    }).finally(() => {
      this.#sweeping = undefined;
      this.#tell();
      this.#retryLater();
    });
  }

  /** With its number, where it is not soft. */
  async #sweep(pattern: Tag, how: Sweep, sweep?: number): Promise<void> {
    await observed(this.#context, 'sweep', () => this.#store.sweep(pattern, how));
    this.#recent.add([pattern]);
    if (sweep === undefined) return;
    this.#delivered.mark([pattern]);
    this.#unswept.done(pattern, sweep);
    this.#tell();
  }

  /** To be done later: with the others that are, or as a part of everything. */
  #leave(pattern: Tag, sweep: number): void {
    if (!this.#unswept.failed(pattern, sweep)) this.#undelivered.add([NAMESPACE_TAG]);
  }

  #touches(tags: readonly Tag[]): boolean {
    return this.#undelivered.touches(tags) || this.#unswept.touches(tags);
  }

  #tell(): void {
    const { namespace, tier, observe } = this.#context;
    const tags = this.#undelivered.size + this.#unswept.left.length;
    if (tags !== this.#told) observe({ type: 'pending', namespace, tier, tags });
    this.#told = tags;
  }

  #retryLater(): void {
    this.#cancelRetry();
    if (this.#closed || (this.#undelivered.size === 0 && this.#unswept.left.length === 0)) return;
    this.#cancelRetry = this.#context.clock.after(RETRY_MS, () => {
      this.#deliverMore();
      this.#sweepMore();
    });
  }

  #attempt<T>(operation: StoreOperation, run: () => Promise<T>, otherwise: T): Promise<T> {
    return attempt(this.#context, operation, run, otherwise);
  }
}

/** Trying it again does not help. */
const isRefused = (error: unknown): boolean =>
  error instanceof LarderError && error.code === 'LARDER_INVALID_OPTIONS';
