import type { Clock } from '../clock.ts';
import type { Entry } from '../entry.ts';
import type { Delivery } from '../events.ts';
import type { CacheKey } from '../key.ts';
import type { Tag } from '../tags.ts';
import type { Snapshot, Store } from './store.ts';

/**
 * How long, in ms, a copy in memory answers without asking the shared store: the most that this process can
 * lag behind an invalidation by another one. Counted from when the confirming request was sent.
 */
export const LEASE_MS = 1000;

/** Memory in front of a store that other processes share. */
export const tieredStore = (near: Store, far: Store, clock: Clock): Store =>
  new TieredStore(near, far, clock);

class TieredStore implements Store {
  /** What the far store is being asked by who came first, for who comes meanwhile. */
  readonly #asking = new Map<CacheKey, Promise<Entry | undefined>>();
  readonly #near: Store;
  readonly #far: Store;
  readonly #clock: Clock;

  constructor(near: Store, far: Store, clock: Clock) {
    this.#near = near;
    this.#far = far;
    this.#clock = clock;
  }

  async get(key: CacheKey, tags: readonly Tag[], confirmed = false): Promise<Entry | undefined> {
    const copy = confirmed ? undefined : await this.#near.get(key, tags);
    if (copy?.leasedUntil !== undefined && this.#clock.monotonicMs() < copy.leasedUntil) return copy;
    return confirmed ? this.#ask(key, tags) : this.#askTogether(key, tags);
  }

  #askTogether(key: CacheKey, tags: readonly Tag[]): Promise<Entry | undefined> {
    const asked = this.#asking.get(key);
    if (asked !== undefined) return asked;
    const asking = this.#ask(key, tags).finally(() => {
      if (this.#asking.get(key) === asking) this.#asking.delete(key);
    });
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(key: CacheKey, tags: readonly Tag[]): Promise<Entry | undefined> {
    const leasedUntil = this.#lease();
    // Taken before the far store is asked: an invalidation that comes meanwhile keeps the answer out of memory.
    const promotion = await this.#near.snapshot(tags);
    const entry = await this.#far.get(key, tags);
    if (entry !== undefined) await promotion.set({ ...entry, leasedUntil });
    return entry;
  }

  async snapshot(tags: readonly Tag[], key?: CacheKey): Promise<Snapshot> {
    const leasedUntil = this.#lease();
    const near = await this.#near.snapshot(tags);
    const far = await this.#far.snapshot(tags, key);
    return {
      async set(entry) {
        const kept = await near.set({ ...entry, leasedUntil });
        return (await far.set(entry)) || kept;
      },
      stands: async (tags) => (await near.stands(tags)) && far.stands(tags),
    };
  }

  async invalidate(tags: readonly Tag[]): Promise<Delivery> {
    // Whoever asks from now on may not have what was asked for before.
    this.#asking.clear();
    await this.#near.invalidate(tags);
    return this.#far.invalidate(tags);
  }

  async close(): Promise<void> {
    await Promise.all([this.#near.close(), this.#far.close()]);
  }

  #lease(): number {
    return this.#clock.monotonicMs() + LEASE_MS;
  }
}
