import type { CacheControlDirectives, Invalidation, Policy } from '@larder/core';
import type { Request, RequestHandler } from 'express';
import type { TagsOf } from './invalidates.ts';

/** What a route can be given. */
export interface Doors {
  /** Caches whole responses: a number is the `ttl` in seconds, nothing lets each response's headers decide. */
  cacheResponse(policy?: number | Policy<Request>): RequestHandler;
  /** On write routes: what the write makes out of date, and how it is invalidated. */
  invalidates(tags: TagsOf, how?: Invalidation): RequestHandler;
  /** What clients are told. */
  cacheControl(directives: CacheControlDirectives): RequestHandler;
}
