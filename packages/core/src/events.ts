import type { SkipReason } from './errors.ts';
import type { CacheStatus } from './http/cache-status.ts';

/** Why a stored entry is gone from a store that counts its own. */
export type RemovalCause = 'evict' | 'expire' | 'invalidate' | 'replace' | 'close';

/** How far an invalidation has come: `done` everywhere it must be, or `pending` until the store answers. */
export type Delivery = 'done' | 'pending';

/** Everything that can be observed of a cache. Never carries a key, a URL or a header's value. */
export type CacheEvent =
  | {
      readonly type: 'request';
      readonly namespace: string;
      readonly method: string;
      /** The route's pattern (`/products/:id`), never the URL. */
      readonly route: string;
      readonly status: CacheStatus;
      readonly seconds: number;
    }
  | {
      readonly type: 'value';
      readonly namespace: string;
      /** `bypass`: the cache is turned off. */
      readonly outcome: 'hit' | 'stale' | 'miss' | 'collapsed' | 'bypass';
      readonly seconds: number;
    }
  | {
      /** A response or a value was made anew with nobody waiting for it. */
      readonly type: 'refresh';
      readonly namespace: string;
      /** Of a response, its route's pattern; of a value, `(value)`. */
      readonly route: string;
      readonly reason: 'stale' | 'early' | 'slow' | 'scheduled';
      readonly outcome: RefreshOutcome;
      readonly seconds: number;
    }
  | { readonly type: 'store'; readonly namespace: string; readonly tier: string; readonly bytes: number }
  | {
      readonly type: 'remove';
      readonly namespace: string;
      readonly tier: string;
      readonly bytes: number;
      readonly cause: RemovalCause;
    }
  | {
      readonly type: 'invalidate';
      readonly namespace: string;
      readonly tags: number;
      readonly delivery: Delivery;
    }
  | {
      readonly type: 'store-call';
      readonly namespace: string;
      readonly tier: string;
      readonly operation: StoreOperation;
      readonly seconds: number;
      readonly error?: unknown;
    }
  | {
      /** A shared store was not asked, or not any longer. */
      readonly type: 'store-skip';
      readonly namespace: string;
      readonly tier: string;
      readonly operation: StoreOperation;
      readonly why: SkipReason;
    }
  | {
      /** Whether a node of a shared store is asked: always, not at all, or once to see. */
      readonly type: 'breaker';
      readonly namespace: string;
      readonly tier: string;
      readonly node: string;
      readonly state: BreakerState;
    }
  | {
      readonly type: 'connection';
      readonly namespace: string;
      readonly tier: string;
      readonly node: string;
      readonly state: 'ready' | 'lost';
    }
  | {
      /** Whether memory may answer alone: it follows what others invalidate, and has missed nothing for longer than the lag. */
      readonly type: 'lease';
      readonly namespace: string;
      readonly tier: string;
      readonly state: 'held' | 'lost';
    }
  | {
      /** What a shared store holds under the name of an entry is none, or none that can be read here: it is as good as absent. */
      readonly type: 'unreadable';
      readonly namespace: string;
      readonly tier: string;
      readonly reason: UnreadableReason;
    }
  | {
      /** Invalidations that a shared store has not been told of yet. */
      readonly type: 'pending';
      readonly namespace: string;
      readonly tier: string;
      readonly tags: number;
    }
  | {
      /** This process has turned the cache off, or on again, or heard that another has. */
      readonly type: 'switch';
      readonly namespace: string;
      readonly on: boolean;
    }
  | { readonly type: 'error'; readonly namespace: string; readonly doing: string; readonly error: unknown };

/** `dropped`: another process has done it, or it was overtaken by an invalidation or by the end of the cache. */
export type RefreshOutcome = 'stored' | 'unstored' | 'failed' | 'dropped';

export type StoreOperation =
  | 'get'
  | 'snapshot'
  | 'set'
  | 'invalidate'
  | 'sweep'
  | 'lock'
  | 'unlock'
  | 'switch';

/**
 * Why what a shared store holds is no entry. `version` and `coding` (one that is not known here) are to be seen while
 * processes of two versions run side by side. `damaged`: not, or not any more, what was written. `malformed`: sealed by
 * somebody who knows how, and nothing that is ever written. `key`: an entry that belongs under another name.
 */
export type UnreadableReason = 'version' | 'coding' | 'damaged' | 'malformed' | 'key';

export type BreakerState = 'closed' | 'open' | 'half-open';

export type Observer = (event: CacheEvent) => void;

/** An observer that may be called from anywhere: what it throws is its own affair. */
export function guardObserver(observer: Observer | undefined): Observer {
  if (observer === undefined) return () => {};
  return (event) => {
    try {
      observer(event);
    } catch {
      // Telling the observer of its own failure would only repeat it.
    }
  };
}
