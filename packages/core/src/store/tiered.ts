import type { Clock } from '../clock.ts';
import type { Confirmation, Entry } from '../entry.ts';
import type { Delivery } from '../events.ts';
import type { CacheKey } from '../key.ts';
import type { Tag } from '../tags.ts';
import type { Lease } from './coherence.ts';
import type { Reading, Snapshot, Store, Sweep } from './store.ts';

/** Memory in front of a store that other processes share. */
export const tieredStore = (near: Store, far: Store, clock: Clock, lease: Lease): Store =>
  new TieredStore(near, far, clock, lease);

class TieredStore implements Store {
  /** What the far store is being asked by who came first, for who comes meanwhile. */
  readonly #asking = new Map<CacheKey, Asking>();
  readonly #near: Store;
  readonly #far: Store;
  readonly #clock: Clock;
  readonly #lease: Lease;

  constructor(near: Store, far: Store, clock: Clock, lease: Lease) {
    this.#near = near;
    this.#far = far;
    this.#clock = clock;
    this.#lease = lease;
  }

  async get(
    key: CacheKey,
    tags: readonly Tag[],
    { trust = 'leased' }: Reading = {},
  ): Promise<Entry | undefined> {
    const copy = trust === 'none' ? undefined : await this.#near.get(key, tags);
    if (copy !== undefined && trust === 'leased' && this.#isLeased(copy)) return copy;
    // Whoever wants it confirmed wants it from after he came.
    return trust === 'leased' ? this.#askTogether(key, tags, copy) : this.#ask(key, tags, copy);
  }

  #isLeased({ confirmed }: Entry): boolean {
    if (confirmed === undefined) return false;
    const { session, untilMs, lagMs } = this.#lease;
    const now = this.#clock.monotonicMs();
    return (
      now < confirmed.atMs + lagMs ||
      (session !== undefined && session === confirmed.session && now < untilMs)
    );
  }

  #askTogether(key: CacheKey, tags: readonly Tag[], copy: Entry | undefined): Promise<Entry | undefined> {
    const asked = this.#asking.get(key);
    const nowMs = this.#clock.monotonicMs();
    // What is asked for longer than the lag is no answer any more to who comes now.
    if (asked !== undefined && nowMs < asked.atMs + this.#lease.lagMs) return asked.answer;
    const asking: Asking = {
      atMs: nowMs,
      answer: this.#ask(key, tags, copy).finally(() => {
        if (this.#asking.get(key) === asking) this.#asking.delete(key);
      }),
    };
    this.#asking.set(key, asking);
    return asking.answer;
  }

  async #ask(key: CacheKey, tags: readonly Tag[], copy: Entry | undefined): Promise<Entry | undefined> {
    const confirmed = this.#confirmation();
    // Taken before the far store is asked: an invalidation that comes meanwhile keeps the answer out of memory.
    const promotion = await this.#near.snapshot(tags);
    const entry = await this.#far.get(key, tags, { known: copy && this.#worthKnowing(copy) });
    if (entry !== undefined) await promotion.set(this.#copy(entry, confirmed));
    return entry;
  }

  /** One that is stale may have been made anew by others. */
  #worthKnowing(copy: Entry): Entry | undefined {
    const { payload } = copy;
    return payload.kind === 'variants' || this.#clock.now() < payload.freshUntil ? copy : undefined;
  }

  async snapshot(tags: readonly Tag[], key?: CacheKey): Promise<Snapshot> {
    const confirmed = this.#confirmation();
    const near = await this.#near.snapshot(tags);
    const far = await this.#far.snapshot(tags, key);
    return {
      set: async (entry) => {
        const { session, ...unstored } = confirmed;
        const copy = this.#copy(entry, { ...unstored, session: undefined });
        const kept = await near.set(copy);
        const stored = await far.set(entry);
        // What others will not find there is not to last here for longer than the lag.
        if (stored) copy.confirmed!.session = session;
        return stored || kept;
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

  async soften(tags: readonly Tag[], at: number): Promise<Delivery> {
    this.#asking.clear();
    await this.#near.soften(tags, at);
    const delivery = await this.#far.soften(tags, at);
    // What was asked for, and promoted, in between did not know of it.
    this.#asking.clear();
    await this.#near.soften(tags, at);
    return delivery;
  }

  async sweep(pattern: Tag, how: Sweep = {}): Promise<Delivery> {
    const { softAt } = how;
    this.#asking.clear();
    await this.#near.sweep(pattern, { softAt });
    try {
      return await this.#far.sweep(pattern, how);
    } finally {
      // What was asked for, and promoted, in between was not found yet.
      this.#asking.clear();
      await this.#near.sweep(pattern, { softAt });
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#near.close(), this.#far.close()]);
  }

  /** Of what the far store is about to be asked for. */
  #confirmation(): Omit<Confirmation, 'marks'> {
    return { atMs: this.#clock.monotonicMs(), session: this.#lease.session };
  }

  #copy(entry: Entry, confirmed: Omit<Confirmation, 'marks'>): Entry {
    const marks = this.#lease.marksOf?.(entry.key, entry.tags) ?? NO_MARKS;
    return { ...entry, confirmed: { ...confirmed, marks } };
  }
}

interface Asking {
  readonly atMs: number;
  readonly answer: Promise<Entry | undefined>;
}

const NO_MARKS: readonly Tag[] = [];
