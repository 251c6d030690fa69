import type { Clock } from '../clock.ts';
import type { Report } from '../doctor.ts';
import { invalidOptions } from '../errors.ts';
import type { Observer } from '../events.ts';
import { guardedLock } from '../guarded-lock.ts';
import { type Lock, unsharedLock } from '../lock.ts';
import { type SharedSwitch, Switch } from '../switch.ts';
import type { Waiting } from './attempt.ts';
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
}

const NAMESPACE = /^[A-Za-z0-9._-]{1,64}$/;

export interface Composed {
  readonly namespace: string;
  readonly store: Store;
  readonly lock: Lock;
  /** Absent where one process is all there is. */
  readonly shared?: Shared;
  /** What a request may wait for it. */
  readonly budgetMs?: number;
  readonly killSwitch: Switch;
}

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function storeOf(settings: StoreSettings, clock: Clock, observe: Observer): Composed {
  const { namespace = 'default', memory = {}, redis } = settings;
  if (!NAMESPACE.test(namespace)) {
    throw invalidOptions('namespace', namespace, 'give 1–64 letters, digits, ".", "_" or "-"');
  }
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
  const near = memory === false ? undefined : memoryStore(memory, { namespace, clock, observe });
  const about = { namespace, clock, observe };
  if (redis === undefined)
    return { namespace, store: near!, lock: unsharedLock, killSwitch: new Switch(about) };
  const context = { ...about, tier: redis.name, ...WAITING, ...redis.waiting };
  const shared = redis.open({ ...about, off: () => killSwitch.heard(), forgot: () => far.repeat() });
  const far = guardedStore(shared.store, context);
  const at = shared.allSwitch;
  const killSwitch = new Switch({ ...about, shared: at && { context, at } });
  return {
    namespace,
    store: near === undefined ? far : tieredStore(near, far, clock),
    lock: guardedLock(shared.lock, context),
    shared,
    budgetMs: context.budgetMs,
    killSwitch,
  };
}
