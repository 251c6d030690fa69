import {
  type Answer,
  type Cache,
  type CacheStatus,
  type Fill,
  type Forward,
  isSafe,
  NOTHING_READ,
  type Policy,
  type Reads,
  type RequestHead,
  type ResolvedPolicy,
  resolvePolicy,
  type Wanted,
} from '@larder/core';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { controlsOf, NO_CONTROLS } from './controls.ts';
import { FillCapture } from './fill-capture.ts';
import { invalidateWithReply, isStoring } from './invalidates.ts';
import { reply, tellStatus, untellStatus } from './reply.ts';
import { fieldsOfRequest } from './request-head.ts';
import { routeOf } from './route.ts';
import { Visit } from './visit.ts';
import { asked } from './wanted.ts';

/** What an outer policy has under way for a response, until one nearer to the handler takes it over. */
interface Ongoing {
  readonly visit: Visit;
  readonly capture?: FillCapture;
}

const ongoing = new WeakMap<Response, Ongoing>();

/** The way of a request through the cache, in order. */
export function cacheResponseMiddleware(cache: Cache, given?: number | Policy<Request>): RequestHandler {
  const policy = resolvePolicy(given);
  return function larder(req, res, next) {
    const readBefore = takeOver(res);
    const invalidated = isSafe(req.method) ? undefined : invalidateWithReply(cache, req, res, () => []);
    // Somebody upstream has begun the answer and leaves its rest to the handler.
    if (res.headersSent) {
      res.cache = NO_CONTROLS;
      return next();
    }
    const visit = new Visit(cache, req.method);
    const question = asked(cache, policy, req);
    if (question.kind === 'bypass') {
      const fwd = question.detail === 'method' ? 'method' : 'bypass';
      const status: CacheStatus = { fwd, detail: question.detail };
      return passBy({ req, res, next, policy, visit }, status);
    }
    const { wanted, partition } = question;
    const { head } = wanted;
    const acting = { cache, req, res, next, policy, visit, partition, head, readBefore, invalidated };
    // Somebody reads the body already, and would be alone with it if the handler came later.
    if (invalidated !== undefined && req.readableFlowing !== null)
      return passBy(acting, { fwd: 'method', detail: 'method' });
    const answering = invalidated === undefined ? cache.answer(wanted, policy) : written(acting, wanted);
    answering
      .then((answer) => act(acting, answer))
      .catch((error) => {
        cache.observe({ type: 'error', namespace: cache.namespace, doing: 'answer from the cache', error });
        if (!res.headersSent) next();
      });
  };
}

/** A write's own answer may be what later GETs of its target get. */
async function written({ cache, res, policy }: Acting, wanted: Wanted): Promise<Answer> {
  const fill = await cache.write(wanted, policy);
  if (fill !== undefined) isStoring.add(res);
  return { kind: 'forward', fwd: 'method', fill, detail: 'method' };
}

interface Acting extends Passing {
  readonly cache: Cache;
  /** Of whom the request was when the cache was asked. */
  readonly partition: string | undefined;
  readonly head: RequestHead;
  readonly readBefore: Reads;
  /** For a write: everything that it made out of date is invalidated. */
  readonly invalidated: Promise<void> | undefined;
}

function act(acting: Acting, answer: Answer): void {
  const { cache, req, res, policy, visit } = acting;
  if (res.destroyed || res.headersSent) {
    comeTooLate(acting, answer);
  } else if (answer.kind === 'stored') {
    const { stored, status } = answer;
    const end = (body?: Buffer) => void res.end(body);
    const { statusHeaders } = policy;
    reply(req, res, {
      asked: fieldsOfRequest(req),
      stored,
      status,
      statusHeaders,
      now: cache.clock.now(),
      end,
    });
    visit.tell(status, stored.route);
  } else if (answer.kind === 'unanswered') {
    if (policy.statusHeaders) tellStatus(res, answer.status);
    res.status(504).end();
    visit.tell(answer.status, routeOf(req));
  } else if (answer.fill === undefined) {
    passBy(acting, { fwd: answer.fwd, detail: answer.detail });
  } else {
    fillFrom(acting, answer.fwd, answer.fill);
  }
}

/**
 * While the cache was asked the client has left, or a time limit upstream has answered. A handler run for nobody
 * would only load the server; whoever waits for this fill asks for himself.
 */
function comeTooLate(acting: Acting, answer: Answer): void {
  const { req, res, visit, invalidated } = acting;
  // A write is done all the same: whoever sent it need not have waited for the answer.
  if (invalidated !== undefined && !res.headersSent) {
    if (answer.kind === 'forward') answer.fill?.abandon();
    passBy(acting, { fwd: 'method', detail: 'too-late' });
    return;
  }
  const fwd = answer.kind === 'forward' ? answer.fwd : 'miss';
  if (answer.kind === 'forward') answer.fill?.lose();
  visit.tell({ fwd, detail: 'too-late' }, routeOf(req));
}

/** The handler's turn, with its response kept on the way to the client. */
function fillFrom(acting: Acting, fwd: Forward, fill: Fill): void {
  const { cache, res, next, visit } = acting;
  const capture = new FillCapture({ ...acting, fwd, fill });
  ongoing.set(res, { visit, capture });
  res.cache = controlsOf(cache, fill);
  next();
}

interface Passing {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  readonly policy: ResolvedPolicy<Request>;
  readonly visit: Visit;
}

/** The handler's turn, with nothing for the cache to keep. */
function passBy({ req, res, next, policy, visit }: Passing, status: CacheStatus): void {
  if (policy.statusHeaders) tellStatus(res, status);
  ongoing.set(res, { visit });
  res.cache = NO_CONTROLS;
  res.once('close', () => visit.tell(status, routeOf(req)));
  next();
}

/** The policy nearest to the handler decides: whatever one further out has begun is given up. */
function takeOver(res: Response): Reads {
  const outer = ongoing.get(res);
  const reads = outer?.capture?.giveUp() ?? NOTHING_READ;
  outer?.visit.handOver();
  if (outer !== undefined && !res.headersSent) untellStatus(res);
  return reads;
}
