import { Cache, type CacheOptions } from '@larder/core';
import type { Express, Router } from 'express';
import { type AheadOptions, refreshAhead } from './ahead.ts';
import { cacheControl } from './cache-control.ts';
import { withDebug } from './debug-observer.ts';
import { controllerRouter } from './decorators.ts';
import type { Doors } from './doors.ts';
import { invalidatesMiddleware } from './invalidates.ts';
import { cacheResponseMiddleware } from './middleware.ts';

export type LarderOptions = CacheOptions;

/** One cache and the doors to it. */
export interface Larder extends Doors {
  readonly cache: Cache;
  /** A value, cached for `ttl` seconds. */
  withCache<T>(key: string, ttl: number, load: () => Promise<T> | T): Promise<T>;
  /**
   * Keeps the response of a URL from ever ending, whether anybody asks for it or not: of the processes on one Redis one
   * makes it anew in time. Returns what stops it; `close` does too.
   * @throws LarderError `LARDER_INVALID_OPTIONS`
   */
  refreshAhead(app: Express, url: string, options?: AheadOptions): () => void;
  /** A router for an instance of a class whose methods carry the route decorators. */
  router(controller: object): Router;
  close(): Promise<void>;
}

/**
 * Makes a cache and binds the doors to it.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function createLarder(options: LarderOptions = {}): Larder {
  const cache = new Cache(withDebug(options));
  const larder: Larder = {
    cache,
    cacheResponse: (policy) => cacheResponseMiddleware(cache, policy),
    invalidates: (tags, how) => invalidatesMiddleware(cache, tags, how),
    cacheControl,
    withCache: (key, ttl, load) => cache.withCache(key, ttl, load),
    refreshAhead: (app, url, options = {}) => refreshAhead(cache, app, url, options),
    router: (controller) => controllerRouter(larder, controller),
    close: () => cache.close(),
  };
  return larder;
}

let shared: Larder | undefined;

/** The cache of whoever names none: in memory, made when it is first asked for. */
export function defaultLarder(): Larder {
  shared ??= createLarder();
  return shared;
}
