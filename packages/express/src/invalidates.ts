import {
  type Cache,
  fieldsOf,
  groupTag,
  type Invalidation,
  joinTags,
  NAMESPACE_TAG,
  originOf,
  outOfDate,
  type Tag,
  targetUri,
  uriTag,
  userTags,
  writeTag,
} from '@larder/core';
import type { Request, RequestHandler, Response } from 'express';
import { beforeReply } from './before-reply.ts';
import { linesOf } from './head.ts';
import { requestHead } from './request-head.ts';

/** Tags a write makes out of date; asked when the handler's answer is known. */
export type TagsOf = readonly string[] | ((req: Request, res: Response) => readonly string[]);

/** Tag functions of the policies that a write has passed, gathered so that it invalidates once. */
const gathered = new WeakMap<Response, Map<Cache, Writing>>();

/** What makes something out of date, and how that is said. */
interface Source extends Invalidation {
  readonly tags: () => readonly Tag[];
}

interface Writing {
  readonly sources: Source[];
  readonly done: Promise<void>;
}

/**
 * Invalidates tags, the target URI, what `Location` and `Content-Location` name of the same origin (RFC 9111
 * §4.4) and the groups of `Cache-Group-Invalidation` (RFC 9875 §3), when the route has written: after its handler has
 * answered and before the client hears of it, so that a client reads its own write. Also when nobody can
 * know whether it wrote (5xx, a connection that broke); never on a 4xx.
 *
 * Softly, the tags alone: what the protocol says of the write is gone. Where the cache's rules are `local` there is no barrier.
 *
 * @throws LarderError `LARDER_INVALID_TAG`, `LARDER_INVALID_OPTIONS`
 */
export function invalidatesMiddleware(cache: Cache, tags: TagsOf, given: Invalidation = {}): RequestHandler {
  const how = { ...cache.checkInvalidation(given) };
  const tagsOf = typeof tags === 'function' ? tags : constant(tags);
  return function larderInvalidates(req, res, next) {
    invalidateWithReply(cache, req, res, tagsOf, how);
    next();
  };
}

function constant(tags: unknown): () => readonly string[] {
  const list = typeof tags === 'string' ? [tags] : (tags as readonly string[]);
  userTags(list);
  return () => list;
}

/** Resolves when the handler has ended and everything is invalidated. */
export function invalidateWithReply(
  cache: Cache,
  req: Request,
  res: Response,
  tagsOf: (req: Request, res: Response) => readonly string[],
  how: Invalidation = {},
): Promise<void> {
  const own: Source = { ...how, tags: () => userTags(tagsOf(req, res)) };
  const byCache = gathered.get(res) ?? new Map<Cache, Writing>();
  gathered.set(res, byCache);
  const writing = byCache.get(cache);
  if (writing !== undefined) {
    writing.sources.push(own);
    return writing.done;
  }
  const sources: Source[] = [{ tags: () => tagsOutOfDate(req, res) }, own];
  const done = beforeReply(res, async (status) => {
    if (status !== undefined && status >= 400 && status < 500) return;
    await invalidateAll(cache, sources);
  });
  byCache.set(cache, { sources, done });
  return done;
}

/** Says that the response of the request may itself be stored under its target, which is no other's write. */
export const isStoring = new WeakSet<Response>();

/** What the protocol says that a write makes out of date (RFC 9111 §4.4, RFC 9875 §3). */
function tagsOutOfDate(req: Request, res: Response): readonly Tag[] {
  const head = requestHead(req);
  const { uris, groups } = outOfDate(head, fieldsOf(linesOf(res)));
  const written = uris.filter((uri) => !(isStoring.has(res) && uri === targetUri(head)));
  return [
    ...uris.map(uriTag),
    ...written.map(writeTag),
    ...groups.map((group) => groupTag(originOf(head), group)),
  ];
}

async function invalidateAll(cache: Cache, sources: readonly Source[]): Promise<void> {
  const { hard, soft } = tagsFrom(cache, sources);
  const barrier = sources.some((source) => source.barrier);
  await Promise.all([
    cache.invalidateTags(hard, { barrier }),
    cache.invalidateTags(soft, { soft: true, barrier }),
  ]);
}

/** A tag function that throws has left nobody knowing what the write touched, so everything goes. */
function tagsFrom(cache: Cache, sources: readonly Source[]): Record<'hard' | 'soft', readonly Tag[]> {
  try {
    const tagsOf = (which: readonly Source[]) => joinTags(...which.map(({ tags }) => tags()));
    return {
      hard: tagsOf(sources.filter(({ soft }) => !soft)),
      soft: tagsOf(sources.filter(({ soft }) => soft)),
    };
  } catch (error) {
    cache.observe({ type: 'error', namespace: cache.namespace, doing: 'name the tags of a write', error });
    return { hard: [NAMESPACE_TAG], soft: [] };
  }
}
