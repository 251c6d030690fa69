import type { Cache, Fill } from '@larder/core';

/** What a handler may say about the caching of the response it is making. */
export interface CacheControls {
  /** Names to invalidate the response by, known only now. */
  tag(...tags: string[]): void;
  /** Seconds it is fresh, instead of what the route's policy says; 0 keeps it from being stored. */
  ttl(seconds: number): void;
  /** Keeps it from being stored. */
  skip(): void;
}

declare global {
  namespace Express {
    interface Response {
      /** There on routes behind `cacheResponse`, whether this request is cached or not. */
      cache?: CacheControls;
    }
  }
}

/** For requests that leave the cache alone: a handler need not know. */
export const NO_CONTROLS: CacheControls = Object.freeze({ tag() {}, ttl() {}, skip() {} });

/** A mistake in one of these costs the caching of the response, never the response. */
export function controlsOf(cache: Cache, fill: Fill): CacheControls {
  const attempt = (doing: string, run: () => void): void => {
    try {
      run();
    } catch (error) {
      fill.skip('invalid-control');
      cache.observe({ type: 'error', namespace: cache.namespace, doing, error });
    }
  };
  return {
    tag: (...tags) => attempt('tag a response', () => fill.tag(tags)),
    ttl: (seconds) => attempt('set the lifetime of a response', () => fill.ttl(seconds)),
    skip: () => fill.skip('skip'),
  };
}
