import type { Entry } from '../entry.ts';
import type { Delivery } from '../events.ts';
import type { CacheKey } from '../key.ts';
import type { Tag } from '../tags.ts';

/**
 * A place for entries that never returns one whose tags were invalidated after its data was read.
 * That order is the store's to keep, because only it knows when an invalidation reached it: a snapshot of the
 * tags is taken before the data is read, the entry is stored against that snapshot, and every read
 * compares. `storeContract` in `@larder/core/testing` is this text as tests.
 *
 * Methods may reject; the cache treats that as a miss. None may throw synchronously.
 */
export interface Store {
  /**
   * The entry, if it is there, not past its retention, and none of its tags was invalidated since its snapshot.
   * `tags` are those that the caller expects on it: a remote store can check them in the same round trip.
   */
  get(key: CacheKey, tags: readonly Tag[], reading?: Reading): Promise<Entry | undefined>;

  /**
   * To be taken before the data of a fill is read. `key` is what is likely to be stored, or the URI that it is a variant
   * of: a store that spreads its keys reads what lies with it.
   */
  snapshot(tags: readonly Tag[], key?: CacheKey): Promise<Snapshot>;

  /**
   * After this resolves `done`, no entry with one of these tags is returned whose snapshot was taken before.
   * `pending`: so it is in this process, and the rest follows as soon as it can. A store that gets through with some of
   * them before others says so to `acknowledged`, even if it fails in the end.
   */
  invalidate(tags: readonly Tag[], acknowledged?: (tags: readonly Tag[]) => void): Promise<Delivery>;

  /**
   * As `invalidate`, but that entries are found stale from `at` (epoch ms) on, and not gone: those whose snapshot was
   * taken before are returned as if their freshness had ended then. A store that cannot do that may invalidate.
   */
  soften(tags: readonly Tag[], at: number): Promise<Delivery>;

  /**
   * As `invalidate`, of every tag that a pattern matches: found by looking at all there are, which takes as long as
   * there are many. Where it is stopped by its signal, it rejects with the signal's reason, and what was found by then
   * is invalidated.
   * @throws LarderError `LARDER_INVALID_OPTIONS` where what is kept does not tell its tags
   */
  sweep(pattern: Tag, how?: Sweep): Promise<Delivery>;

  /** Lets go of everything held; idempotent. */
  close(): Promise<void>;
}

/**
 * What may be made of a copy nearer than the store that processes share: it answers within its lease; once the shared
 * store has confirmed it; not at all.
 */
export type Trust = 'leased' | 'confirmed' | 'none';

/** How tags are looked for. */
export interface Sweep {
  /** As `soften`, with what is stale from then on (epoch ms). */
  readonly softAt?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how far it is, again and again. */
  readonly looked?: ((progress: SweepProgress) => void) | undefined;
}

export interface SweepProgress {
  /** Tags that matched, so far. */
  readonly found: number;
  /** Names looked at, so far. */
  readonly looked: number;
  /** Names there are, about. */
  readonly of: number;
}

export interface Reading {
  /** Default `leased`. */
  readonly trust?: Trust;
  /** A copy that the reader has: where it still stands, it is returned itself, and its body need not travel. */
  readonly known?: Entry | undefined;
}

/** The tags' state at one moment. May be stored against more than once. */
export interface Snapshot {
  /**
   * Stores the entry unless one of its tags was invalidated since the snapshot. Tags that the snapshot does
   * not have (known only after the data was read) are allowed. False when it was not stored.
   */
  set(entry: Entry): Promise<boolean>;

  /** Whether none of the tags was invalidated since the snapshot, as far as the store can tell; false where it cannot. */
  stands(tags: readonly Tag[]): Promise<boolean>;
}
