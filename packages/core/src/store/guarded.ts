import type { Clock } from '../clock.ts';
import type { Entry } from '../entry.ts';
import { storeTooSlow } from '../errors.ts';
import type { Delivery, Observer, StoreOperation } from '../events.ts';
import type { CacheKey } from '../key.ts';
import { NAMESPACE_TAG, type Tag } from '../tags.ts';
import type { Snapshot, Store } from './store.ts';

/** Undelivered tags kept one by one; past this they collapse into "everything". */
const MAX_PENDING_TAGS = 10_000;

const NOTHING_STORED: Snapshot = { set: async () => false, stands: async () => false };

/**
 * Milliseconds until a call counts as failed, whatever the store's own client would wait for. A call that is
 * given up may still arrive: a late store is refused by its tags, a late invalidation does no harm.
 */
export const CALL_DEADLINE_MS = 250;

export interface GuardContext {
  readonly namespace: string;
  readonly tier: string;
  readonly clock: Clock;
  readonly observe: Observer;
}

/**
 * A store that may fail, made one that only misses. An invalidation it could not deliver is kept, and
 * delivered before anything is read from or stored in it again.
 */
export const guardedStore = (store: Store, context: GuardContext): Store => new GuardedStore(store, context);

class GuardedStore implements Store {
  readonly #store: Store;
  readonly #context: GuardContext;
  #pending = new Set<Tag>();
  #delivering: Promise<boolean> | undefined;

  constructor(store: Store, context: GuardContext) {
    this.#store = store;
    this.#context = context;
  }

  async get(key: CacheKey, tags: readonly Tag[]): Promise<Entry | undefined> {
    if (!(await this.#delivered())) return undefined;
    return this.#attempt('get', () => this.#store.get(key, tags), undefined);
  }

  async snapshot(tags: readonly Tag[]): Promise<Snapshot> {
    if (!(await this.#delivered())) return NOTHING_STORED;
    const snapshot = await this.#attempt('snapshot', () => this.#store.snapshot(tags), undefined);
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

  async close(): Promise<void> {
    await this.#delivered();
    await this.#inTime(this.#store.close()).catch(() => {});
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
    return delivery === 'done';
  }

  #keep(tags: Iterable<Tag>): void {
    for (const tag of tags) this.#pending.add(tag);
    if (this.#pending.size > MAX_PENDING_TAGS) this.#pending = new Set([NAMESPACE_TAG]);
  }

  async #attempt<T>(operation: StoreOperation, run: () => Promise<T>, otherwise: T): Promise<T> {
    const { namespace, tier, clock, observe } = this.#context;
    const startedMs = clock.monotonicMs();
    const call = (error?: unknown) =>
      observe({
        type: 'store-call',
        namespace,
        tier,
        operation,
        seconds: (clock.monotonicMs() - startedMs) / 1000,
        ...(error === undefined ? {} : { error }),
      });
    try {
      const result = await this.#inTime(run());
      call();
      return result;
    } catch (error) {
      call(error);
      return otherwise;
    }
  }

  #inTime<T>(call: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#context.clock.after(CALL_DEADLINE_MS, () =>
        reject(storeTooSlow(CALL_DEADLINE_MS)),
      );
      call.then(resolve, reject).finally(cancel);
    });
  }
}
