import { AsyncLocalStorage } from 'node:async_hooks';
import {
  aside,
  type Cache,
  type Fill,
  NOTHING_READ,
  type Refresh,
  type ResolvedPolicy,
  type Wanted,
} from '@larder/core';
import type { Request, RequestHandler, Response } from 'express';
import { carryPreset } from './cache-control.ts';
import { isWrapped } from './capture.ts';
import { attempt, readByPolicy } from './filled-request.ts';
import { captured } from './filling.ts';
import { dispatching } from './forward/dispatch.ts';
import { forwarding } from './forward/forward.ts';
import type { Forwarding } from './forward/forwarding.ts';
import type { Shown } from './forward/unseen-request.ts';
import { linesOf } from './head.ts';
import { begin, endWhenOver, isUnder, type Live } from './ongoing.ts';
import { Visit } from './visit.ts';
import { asked } from './wanted.ts';
import { watch } from './watch.ts';

/** A request that was answered with what is to be made anew, and the cache's place in its way. */
export interface Triggering {
  readonly cache: Cache;
  readonly policy: ResolvedPolicy<Request>;
  /** The function that was given to Express. */
  readonly own: RequestHandler;
  readonly req: Request;
  readonly res: Response;
  readonly partition: string | undefined;
  readonly wanted: Wanted;
}

/**
 * Prepares to make a response anew with no client behind it, while the triggering request is as it was when the cache's
 * turn came; the function that comes back begins it. Undefined where the rest of the stack cannot be run so, or would not
 * answer the same question.
 */
export function refreshing(triggering: Triggering, refresh: Refresh): (() => void) | undefined {
  const { cache, policy, wanted } = triggering;
  const shown = shownBy(triggering, refresh);
  const unseen = shown && unseenBy(triggering, shown);
  if (unseen === undefined) return undefined;
  const wrapped = isWrapped(triggering.res);
  // By whom it is, upstream will say when it has run again, and the cache that is reached then asks anew.
  const same = policy.revalidate === 'dispatch' ? wanted : sameQuestion(triggering, unseen.req);
  if (same === undefined) {
    unseen.abort();
    return undefined;
  }
  const begin = async () => {
    try {
      const fill = await refresh.begin(same);
      if (fill === undefined) unseen.abort();
      else run({ ...triggering, wrapped, wanted: same }, unseen, fill);
    } catch (error) {
      cache.observe({ type: 'error', namespace: cache.namespace, doing: 'refresh a response', error });
      refresh.drop();
      unseen.abort();
    }
  };
  return () => void aside(begin);
}

function sameQuestion({ cache, policy, partition, wanted }: Triggering, req: Request): Wanted | undefined {
  const question = asked(cache, policy, req);
  if (question.kind === 'bypass' || question.partition !== partition) return undefined;
  const { key, tags } = question.wanted;
  return key === wanted.key && tags.join('\n') === wanted.tags.join('\n') ? question.wanted : undefined;
}

function unseenBy({ policy, own, req, res }: Triggering, shown: Shown): Forwarding | undefined {
  if (policy.revalidate === 'foreground') return undefined;
  if (policy.revalidate === 'dispatch') return dispatching({ req, res, shown });
  // A cookie that upstream has minted is for the client that set this off.
  const before = linesOf(res).filter(([name]) => name.toLowerCase() !== 'set-cookie');
  const unseen = forwarding({ own, req, res, before, shown });
  if (unseen !== undefined) carryPreset(res, unseen.res);
  return unseen;
}

/** What the key was made from; undefined where that is more than can be shown without the client. */
function shownBy({ policy, req, wanted }: Triggering, { shown }: Refresh): Shown | undefined {
  const keyed = wanted.head;
  const watched = watch(req, { cookiesShown: undefined, conditions: undefined, keyed, unrecorded: false });
  const { fields, cookies, wholesale, others } = readByPolicy(watched, policy, req);
  const forTags = watched.readBy(() => attempt(() => policy.tags(req)));
  watched.restore();
  if (wholesale || others.has('ip')) return undefined;
  const named = typeof policy.cookies === 'string' ? [] : policy.cookies;
  return {
    fields: [...new Set([...shown, ...fields, ...forTags.fields])],
    cookies: [...new Set([...named, ...cookies])],
    credentials: policy.credentialsCovered,
  };
}

interface Running extends Triggering {
  /** Something upstream rewrites what is sent; it stands between no response and its client here, but will again. */
  readonly wrapped: boolean;
}

/** In the asynchronous context of a refresh, what stands for it. */
const refreshes = new AsyncLocalStorage<unknown>();

function run(
  { cache, policy, partition, wanted, wrapped, req: trigger }: Running,
  unseen: Forwarding,
  fill: Fill,
) {
  const { req, res } = unseen;
  const visit = Visit.unseen(cache);
  const live: Live = { req: trigger, here: () => refreshes.getStore() === unseen };
  if (policy.revalidate === 'dispatch') {
    endWhenOver(res, fill);
    begin(res, { visit, fill, live });
    res.once('close', () => {
      // Something upstream has answered, and the cache was not asked again.
      if (isUnder(res, fill)) fill.fail();
    });
  } else {
    const { head } = wanted;
    const readBefore = NOTHING_READ;
    const parts = { cache, policy, partition, head, readBefore, req, res, visit, fill, wrapped, live };
    captured({ ...parts, invalidated: undefined });
  }
  unseen.start((go) => refreshes.run(unseen, () => fill.within(go)));
}
