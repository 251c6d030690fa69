import { type CacheControlDirectives, resolveDirectives } from '@larder/core';
import type { RequestHandler, Response } from 'express';
import { varyBy } from './reply.ts';

/** What a preset wrote, to be told from a Cache-Control that the handler wrote itself. */
const written = new WeakMap<Response, string>();

/**
 * Tells browsers and CDNs how long they may keep the route's responses (RFC 9111 §5.2.2); a handler that sets
 * Cache-Control itself overrules it. What Larder keeps is `cacheResponse`'s business: of a preset it heeds
 * only `no-store` and `private`.
 *
 * @throws LarderError `LARDER_INVALID_CACHE_CONTROL`
 */
export function cacheControl(directives: CacheControlDirectives): RequestHandler {
  const { cacheControl: value, vary } = resolveDirectives(directives);
  return function larderCacheControl(_, res, next) {
    res.setHeader('Cache-Control', value);
    varyBy(res, vary);
    written.set(res, value);
    next();
  };
}

/** Whether the response's Cache-Control was written for clients, by a preset. */
export const isForClients = (res: Response): boolean =>
  written.has(res) && res.getHeader('Cache-Control') === written.get(res);
