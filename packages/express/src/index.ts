import type { Invalidation, Policy } from '@larder/core';
import type { Request, RequestHandler, Router } from 'express';
import type { TagsOf } from './invalidates.ts';
import { defaultLarder } from './larder.ts';

export {
  Cache,
  type CacheControlDirectives,
  type CacheEvent,
  type CacheStatus,
  type CdnDirectives,
  type CoherenceOptions,
  explain,
  type Invalidated,
  type Invalidation,
  LarderError,
  type LarderErrorCode,
  type Matching,
  type MemoryOptions,
  type NoStore,
  type Observer,
  type Policy,
  type PrivateDirectives,
  presets,
  type SharedDirectives,
  type SharedTier,
  type Sweeping,
  type SweepProgress,
  type Swept,
  type ValueOptions,
} from '@larder/core';
export type { AheadOptions } from './ahead.ts';
export { cacheControl } from './cache-control.ts';
export type { CacheControls } from './controls.ts';
export {
  CacheControl,
  CacheResponse,
  Controller,
  Delete,
  Get,
  Invalidates,
  Patch,
  Post,
  Put,
  Use,
} from './decorators.ts';
export type { TagsOf } from './invalidates.ts';
export { createLarder, defaultLarder, type Larder, type LarderOptions } from './larder.ts';
export { unwatched } from './unwatched.ts';

/**
 * Caches whole responses in the default, memory-only cache: a number is the `ttl` in seconds, nothing lets
 * each response's headers decide. With Redis, or more than one cache, use what `createLarder` returns.
 * @throws LarderError `LARDER_INVALID_POLICY`
 */
export const cacheResponse = (policy?: number | Policy<Request>): RequestHandler =>
  defaultLarder().cacheResponse(policy);

/** Invalidates tags of the default cache when the route has written. */
export const invalidates = (tags: TagsOf, how?: Invalidation): RequestHandler =>
  defaultLarder().invalidates(tags, how);

/** A value in the default cache for `ttl` seconds. */
export const withCache = <T>(key: string, ttl: number, load: () => Promise<T> | T): Promise<T> =>
  defaultLarder().withCache(key, ttl, load);

/** A router for a decorated controller, on the default cache. */
export const router = (controller: object): Router => defaultLarder().router(controller);
