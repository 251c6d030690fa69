import type { Entry } from '../entry.ts';
import type { Delivery, StoreOperation } from '../events.ts';
import type { CacheKey } from '../key.ts';
import { NAMESPACE_TAG, type Tag } from '../tags.ts';
import { attempt, type GuardContext } from './attempt.ts';
import { aside } from './budget.ts';
import { inTime } from './patience.ts';
import { Recent } from './recent.ts';
import type { Snapshot, Store } from './store.ts';

/** Undelivered tags kept one by one; past this they collapse into "everything". */
const MAX_PENDING_TAGS = 10_000;
/** How soon an undelivered invalidation is tried again, though nobody reads: other processes may. */
const RETRY_MS = 1000;

const NOTHING_STORED: Snapshot = { set: async () => false, stands: async () => false };

/**
 * A store that may fail, made one that only misses. An invalidation it could not deliver is kept, and
 * delivered before anything is read from or stored in it again.
 */
export const guardedStore = (store: Store, context: GuardContext): GuardedStore =>
  new GuardedStore(store, context);

class GuardedStore implements Store {
  readonly #store: Store;
  readonly #context: GuardContext;
  readonly #recent: Recent;
  #pending = new Set<Tag>();
  #delivering: Promise<boolean> | undefined;
  #told = 0;
  #cancelRetry = () => {};
  #closed = false;

  constructor(store: Store, context: GuardContext) {
    this.#store = store;
    this.#context = context;
    this.#recent = new Recent(context.clock);
  }

  async get(key: CacheKey, tags: readonly Tag[]): Promise<Entry | undefined> {
    if (!(await this.#delivered())) return undefined;
    return this.#attempt('get', () => this.#store.get(key, tags), undefined);
  }

  async snapshot(tags: readonly Tag[], key?: CacheKey): Promise<Snapshot> {
    if (!(await this.#delivered())) return NOTHING_STORED;
    const snapshot = await this.#attempt('snapshot', () => this.#store.snapshot(tags, key), undefined);
    if (snapshot === undefined) return NOTHING_STORED;
    return {
      set: async (entry) =>
        (await this.#delivered()) && (await this.#attempt('set', () => snapshot.set(entry), false)),
      stands: async (tags) =>
        (await this.#delivered()) && (await this.#attempt('snapshot', () => snapshot.stands(tags), false)),
    };
  }

  async invalidate(tags: readonly Tag[]): Promise<Delivery> {
    this.#keep(tags);
    return (await this.#delivered()) ? 'done' : 'pending';
  }

  /** Invalidates once more what it has acknowledged in the last minute. */
  repeat(): void {
    if (this.#closed) return;
    this.#keep(this.#recent.tags());
    void aside(() => this.#delivered());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry();
    await this.#delivered();
    await inTime(this.#context.clock, this.#context.deadlineMs, this.#store.close()).catch(() => {});
  }

  /**
   * True once everything is delivered that was pending when this was called. One delivery may be under way
   * already and not carry all of it, so there are two to wait for at most, however many others invalidate.
   */
  async #delivered(): Promise<boolean> {
    for (let delivery = 0; delivery < 2; delivery += 1) {
      if (this.#pending.size === 0 && this.#delivering === undefined) return true;
      this.#delivering ??= this.#deliver().finally(() => {
        this.#delivering = undefined;
      });
      if (!(await this.#delivering)) return false;
    }
    return true;
  }

  async #deliver(): Promise<boolean> {
    // Emptied before sending: a tag that is invalidated again while this is under way must be sent again.
    const batch = this.#pending;
    this.#pending = new Set();
    const delivery = await this.#attempt<Delivery>(
      'invalidate',
      () => this.#store.invalidate([...batch]),
      'pending',
    );
    if (delivery === 'pending') this.#keep(batch);
    else this.#recent.add(batch);
    this.#tell();
    return delivery === 'done';
  }

  /** Counts what is undelivered after every try, and sees to the next one. */
  #tell(): void {
    const { namespace, tier, clock, observe } = this.#context;
    const tags = this.#pending.size;
    if (tags !== this.#told) observe({ type: 'pending', namespace, tier, tags });
    this.#told = tags;
    this.#cancelRetry();
    if (tags > 0 && !this.#closed)
      this.#cancelRetry = clock.after(RETRY_MS, () => void aside(() => this.#delivered()));
  }

  #keep(tags: Iterable<Tag>): void {
    for (const tag of tags) this.#pending.add(tag);
    if (this.#pending.size > MAX_PENDING_TAGS) this.#pending = new Set([NAMESPACE_TAG]);
  }

  #attempt<T>(operation: StoreOperation, run: () => Promise<T>, otherwise: T): Promise<T> {
    return attempt(this.#context, operation, run, otherwise);
  }
}
