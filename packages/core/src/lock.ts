import type { CacheKey } from './key.ts';

/**
 * One holder a key among all processes that share it. It saves work and guards nothing: two holders at a time, which a
 * lost message or a stopped process can make, cost a handler run and no more. `lockContract` in
 * `@larder/core/testing` is this text as tests.
 *
 * Methods may reject; none may throw synchronously.
 */
export interface Lock {
  /** Takes the key for `ttlMs` unless somebody holds it. */
  acquire(key: CacheKey, ttlMs: number): Promise<Grant>;
  /** Lets go of connections; what is held runs out by itself. Idempotent. */
  close(): Promise<void>;
}

export type Grant = Hold | Taken;

/** The key is ours. */
export interface Hold {
  readonly kind: 'held';
  /** Holds it for `ttlMs` from now. False when it ran out meanwhile, and may be somebody else's. */
  extend(ttlMs: number): Promise<boolean>;
  /** Lets go, if it is still ours, and tells those who wait how it ended. */
  release(ending: Ending): Promise<void>;
}

/** The key is somebody else's. */
export interface Taken {
  readonly kind: 'taken';
  /**
   * Resolves when the key may be free: with the holder's word, or with undefined when nothing is known, be it that
   * the holder's time has run out or that `ms` have passed. To be called at once, and once.
   */
  freed(ms: number): Promise<Ending | undefined>;
}

/**
 * How a fill ended: its result is in the store; it is for nobody else, and the next ones need not wait for each other;
 * it failed; or there is nothing to say of it.
 */
export type Ending = 'stored' | 'unshared' | 'failed' | 'lost';

export const ENDINGS: readonly Ending[] = ['stored', 'unshared', 'failed', 'lost'];

/** Where one process is all there is. */
export const unsharedLock: Lock = {
  acquire: async () => ({ kind: 'held', extend: async () => true, release: async () => {} }),
  close: async () => {},
};
