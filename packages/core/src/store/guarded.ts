import type { Entry } from '../entry.ts';
import type { Delivery, StoreOperation } from '../events.ts';
import type { CacheKey } from '../key.ts';
import type { Tag } from '../tags.ts';
import { attempt, type GuardContext } from './attempt.ts';
import { aside, Budget, budgetOfRequest } from './budget.ts';
import { Invalidations } from './invalidations.ts';
import { inTime } from './patience.ts';
import { Recent } from './recent.ts';
import type { Reading, Snapshot, Store } from './store.ts';
import { Undelivered } from './undelivered.ts';

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
  /** A read that began before may still have what the store has been told of meanwhile. */
  readonly #delivered = new Invalidations();
  #delivering: Promise<void> | undefined;
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
    if (entry === undefined || this.#undelivered.touches(entry.tags)) return undefined;
    return this.#delivered.touched(entry.tags, moment) ? undefined : entry;
  }

  async snapshot(tags: readonly Tag[], key?: CacheKey): Promise<Snapshot> {
    this.#deliverMore();
    const snapshot = await this.#attempt('snapshot', () => this.#store.snapshot(tags, key), undefined);
    if (snapshot === undefined) return NOTHING_STORED;
    const touches = (tags: readonly Tag[]) => this.#undelivered.touches(tags);
    return {
      // What is out of date would be found by other processes, and by this one once everything is delivered.
      set: async (entry) =>
        !touches(entry.tags) && (await this.#attempt('set', () => snapshot.set(entry), false)),
      stands: async (tags) =>
        !touches(tags) && (await this.#attempt('snapshot', () => snapshot.stands(tags), false)),
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

  /** Invalidates once more what it has acknowledged in the last minute, which is returned. */
  repeat(): readonly Tag[] {
    if (this.#closed) return [];
    const tags = this.#recent.tags();
    this.#undelivered.add(tags, true);
    this.#deliverMore();
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

  #tell(): void {
    const { namespace, tier, observe } = this.#context;
    const tags = this.#undelivered.size;
    if (tags !== this.#told) observe({ type: 'pending', namespace, tier, tags });
    this.#told = tags;
  }

  #retryLater(): void {
    this.#cancelRetry();
    if (this.#undelivered.size === 0 || this.#closed) return;
    this.#cancelRetry = this.#context.clock.after(RETRY_MS, () => this.#deliverMore());
  }

  #attempt<T>(operation: StoreOperation, run: () => Promise<T>, otherwise: T): Promise<T> {
    return attempt(this.#context, operation, run, otherwise);
  }
}
