import { type Cache, joinTags, NAMESPACE_TAG, type Tag, targetUri, uriTag, userTags } from '@larder/core';
import type { Request, RequestHandler, Response } from 'express';
import { beforeReply } from './before-reply.ts';
import { requestHead } from './request-head.ts';

/** Tags a write makes out of date; asked when the handler's answer is known. */
export type TagsOf = readonly string[] | ((req: Request, res: Response) => readonly string[]);

/** Tag functions of the policies that a write has passed, gathered so that it invalidates once. */
const gathered = new WeakMap<Response, Map<Cache, (() => readonly Tag[])[]>>();

/**
 * Invalidates tags, and the target URI (RFC 9111 §4.4), when the route has written: after its handler has
 * answered and before the client hears of it, so that a client reads its own write. Also when nobody can
 * know whether it wrote (5xx, a connection that broke); never on a 4xx.
 *
 * @throws LarderError `LARDER_INVALID_TAG`
 */
export function invalidatesMiddleware(cache: Cache, tags: TagsOf): RequestHandler {
  const tagsOf = typeof tags === 'function' ? tags : constant(tags);
  return function larderInvalidates(req, res, next) {
    invalidateWithReply(cache, req, res, tagsOf);
    next();
  };
}

function constant(tags: unknown): () => readonly string[] {
  const list = typeof tags === 'string' ? [tags] : (tags as readonly string[]);
  userTags(list);
  return () => list;
}

export function invalidateWithReply(
  cache: Cache,
  req: Request,
  res: Response,
  tagsOf: (req: Request, res: Response) => readonly string[],
): void {
  const own = () => userTags(tagsOf(req, res));
  const byCache = gathered.get(res) ?? new Map<Cache, (() => readonly Tag[])[]>();
  gathered.set(res, byCache);
  const others = byCache.get(cache);
  if (others !== undefined) {
    others.push(own);
    return;
  }
  const all = [() => [uriTag(targetUri(requestHead(req)))], own];
  byCache.set(cache, all);
  beforeReply(res, async (status) => {
    if (status !== undefined && status >= 400 && status < 500) return;
    await cache.invalidateTags(tagsFrom(cache, all));
  });
}

/** A tag function that throws has left nobody knowing what the write touched, so everything goes. */
function tagsFrom(cache: Cache, sources: readonly (() => readonly Tag[])[]): readonly Tag[] {
  try {
    return joinTags(...sources.map((tags) => tags()));
  } catch (error) {
    cache.observe({ type: 'error', namespace: cache.namespace, doing: 'name the tags of a write', error });
    return [NAMESPACE_TAG];
  }
}
