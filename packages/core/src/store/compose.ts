import type { Clock } from '../clock.ts';
import type { Report } from '../doctor.ts';
import { invalidOptions } from '../errors.ts';
import type { Observer } from '../events.ts';
import { guardedLock } from '../guarded-lock.ts';
import { type Lock, unsharedLock } from '../lock.ts';
import { type SharedSwitch, Switch } from '../switch.ts';
import type { Waiting } from './attempt.ts';
import {
  type CoherenceChoice,
  type CoherenceSettings,
  coherenceOf,
  type Following,
  type Heard,
  type Lease,
  unconcerned,
  unfollowed,
} from './coherence.ts';
import { guardedStore } from './guarded.ts';
import { type MemoryOptions, memoryStore } from './memory.ts';
import type { Store } from './store.ts';
import { tieredStore } from './tiered.ts';

/** What several processes share, opened once the namespace is known. `redisTier()` makes one. */
export interface SharedTier {
  /** As metrics name it. */
  readonly name: string;
  /** Default 50 ms a call, 60 ms a request. */
  readonly waiting?: Partial<Waiting>;
  open(context: SharedContext): Shared;
}

export interface SharedContext {
  readonly namespace: string;
  readonly clock: Clock;
  readonly observe: Observer;
  /** To be called when it is found that the cache is turned off for all who share the tier. */
  readonly off: () => void;
  /** To be called when what the tier has acknowledged in the last minute may be lost. */
  readonly forgot: () => void;
}

/** A tier that is open. Its parts are closed one by one, in any order. */
export interface Shared {
  readonly store: Store;
  readonly lock: Lock;
  /** Turns the cache off for all who share the tier, or on again with nothing in it. */
  readonly allSwitch?: SharedSwitch;
  /**
   * Follows what other processes invalidate, from when it is first asked for its session. Without it nothing in memory
   * outlasts the lag unconfirmed.
   * @throws LarderError `LARDER_INVALID_OPTIONS` where it cannot be followed in the way that is asked for
   */
  readonly follow?: (how: Following, heard: (news: Heard) => void) => Lease & { close(): void };
  /** What is wrong with it, as far as it can tell; rejects where it cannot be asked. */
  doctor?(): Promise<Report>;
}

/** A request that waits for longer than this for a cache would be quicker without. */
const WAITING: Waiting = { deadlineMs: 50, budgetMs: 60 };

export interface StoreSettings {
  /** Keeps caches that share a Redis apart: 1–64 letters, digits, `.`, `_` or `-`. Default `default`. */
  readonly namespace?: string;
  /** Bounds of the memory tier; `false` for none, which needs `redis`. */
  readonly memory?: MemoryOptions | false;
  /** The tier behind memory, shared between processes. Default: memory alone. */
  readonly redis?: SharedTier;
  /** How memory learns of what other processes invalidate. Default `'lease'`, within a second. */
  readonly coherence?: CoherenceChoice;
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export interface Composed {
  readonly namespace: string;
  readonly store: Store;
  readonly lock: Lock;
  /** Absent where one process is all there is. */
  readonly shared?: Shared;
  /** What a request may wait for it. */
  readonly budgetMs?: number;
  readonly killSwitch: Switch;
  /** Ms that memory here may lag behind what others have invalidated. */
  readonly lagMs: number;
  /** Ms after which memory elsewhere holds nothing that it would answer with unasked; infinite where nobody hears. */
  readonly barrierMs: number;
  /** What there is to be let go of besides. */
  close(): void;
}

/**
 * No namespace has a space in it, so that none can be taken for another with a version.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function keyspaceOf(namespace: string, version: unknown): string {
  if (version === undefined) return namespace;
  if (typeof version !== 'string' || !NAME.test(version))
    throw invalidOptions('version', version, 'give 1–64 letters, digits, ".", "_" or "-"');
  return `${namespace} ${version}`;
}

interface Surroundings {
  readonly clock: Clock;
  readonly observe: Observer;
  /** Another process has invalidated, after memory here has. */
  readonly heard: (news: Heard) => void;
}

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function storeOf(settings: StoreSettings, { clock, observe, heard }: Surroundings): Composed {
  const { namespace = 'default', memory = {}, redis } = settings;
  if (!NAME.test(namespace)) {
    throw invalidOptions('namespace', namespace, 'give 1–64 letters, digits, ".", "_" or "-"');
  }
  const how = coherenceOf(settings.coherence);
  checkTiers(memory, redis);
  const about = { namespace, clock, observe };
  const near = memory === false ? undefined : memoryStore(memory, about);
  if (redis === undefined)
    return {
      namespace,
      store: near!,
      lock: unsharedLock,
      killSwitch: new Switch(about),
      lagMs: Number.POSITIVE_INFINITY,
      barrierMs: 0,
      close() {},
    };
  const context = { ...about, tier: redis.name, ...WAITING, ...redis.waiting };
  const forgot = () => {
    const told = far.repeat();
    // What the tier had forgotten may be in memory again since.
    void near?.invalidate(told);
  };
  const shared = redis.open({ ...about, off: () => killSwitch.heard(), forgot });
  const lease = near && leaseOf(near, shared, how, heard);
  const far = guardedStore(shared.store, context);
  const at = shared.allSwitch;
  const killSwitch = new Switch({ ...about, shared: at && { context, at } });
  return {
    namespace,
    store: lease === undefined ? far : tieredStore(near!, far, clock, lease),
    lock: guardedLock(shared.lock, context),
    shared,
    budgetMs: context.budgetMs,
    killSwitch,
    lagMs: lease?.lagMs ?? 0,
    barrierMs: how.mode === 'local' ? Number.POSITIVE_INFINITY : how.lagMs,
    close: () => lease?.close(),
  };
}

/** What is in memory follows what others invalidate, as far as it is to; where it cannot, nothing is left open. */
function leaseOf(
  near: Store,
  { follow, store }: Shared,
  { mode, ...how }: CoherenceSettings,
  heard: Surroundings['heard'],
): Lease & { close(): void } {
  if (mode === 'strict') return unfollowed(0);
  if (mode === 'local') return unconcerned(follow?.(how, () => {}));
  const hear = (news: Heard) => {
    // Both take effect before they return.
    if (news.softAt === undefined) void near.invalidate(news.tags);
    else void near.soften(news.tags, news.softAt);
    heard(news);
  };
  try {
    return follow?.(how, hear) ?? unfollowed(how.lagMs);
  } catch (error) {
    void store.close();
    throw error;
  }
}

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
function checkTiers(memory: StoreSettings['memory'], redis: SharedTier | undefined): void {
  if (redis !== undefined && typeof redis.open !== 'function') {
    throw invalidOptions(
      'redis',
      redis,
      'wrap the URL or the client: redis: redisTier(…) from @larder/redis',
    );
  }
  if (memory === false && redis === undefined) {
    throw invalidOptions('memory', false, 'a cache needs a tier: leave memory on, or give redis');
  }
}
