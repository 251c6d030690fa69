import type { Clock } from '../clock.ts';
import { invalidOptions } from '../errors.ts';
import type { Observer } from '../events.ts';
import { guardedLock } from '../guarded-lock.ts';
import { type Lock, unsharedLock } from '../lock.ts';
import { CALL_DEADLINE_MS } from './attempt.ts';
import { guardedStore } from './guarded.ts';
import { type MemoryOptions, memoryStore } from './memory.ts';
import type { Store } from './store.ts';
import { tieredStore } from './tiered.ts';

/** What several processes share, opened once the namespace is known. `redisTier()` makes one. */
export interface SharedTier {
  /** As metrics name it. */
  readonly name: string;
  open(context: { readonly namespace: string; readonly clock: Clock }): Shared;
}

/** A tier that is open. Its two halves are closed one by one, in any order. */
export interface Shared {
  readonly store: Store;
  readonly lock: Lock;
  /** Milliseconds after which a call counts as failed. Default, and most, 250. */
  readonly deadlineMs?: number;
}

export interface StoreSettings {
  /** Keeps caches that share a Redis apart: 1–64 letters, digits, `.`, `_` or `-`. Default `default`. */
  readonly namespace?: string;
  /** Bounds of the memory tier; `false` for none, which needs `redis`. */
  readonly memory?: MemoryOptions | false;
  /** The tier behind memory, shared between processes. Default: memory alone. */
  readonly redis?: SharedTier;
}

const NAMESPACE = /^[A-Za-z0-9._-]{1,64}$/;

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function storeOf(
  settings: StoreSettings,
  clock: Clock,
  observe: Observer,
): { namespace: string; store: Store; lock: Lock } {
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
  if (redis === undefined) return { namespace, store: near!, lock: unsharedLock };
  const shared = redis.open({ namespace, clock });
  const deadlineMs = Math.min(shared.deadlineMs ?? CALL_DEADLINE_MS, CALL_DEADLINE_MS);
  const context = { namespace, tier: redis.name, deadlineMs, clock, observe };
  const far = guardedStore(shared.store, context);
  return {
    namespace,
    store: near === undefined ? far : tieredStore(near, far, clock),
    lock: guardedLock(shared.lock, context),
  };
}
