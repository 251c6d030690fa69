import {
  type Answer,
  type Cache,
  type CacheStatus,
  type Fill,
  isSafe,
  type Policy,
  type Reads,
  type ResolvedPolicy,
  resolvePolicy,
  type Wanted,
} from '@larder/core';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { isWrapped } from './capture.ts';
import { NO_CONTROLS } from './controls.ts';
import { captured } from './filling.ts';
import { invalidateWithReply, isStoring } from './invalidates.ts';
import { type Ahead, begin, type Live, takeOver } from './ongoing.ts';
import { refreshing } from './refreshing.ts';
import { reply, tellStatus } from './reply.ts';
import { fieldsOfRequest } from './request-head.ts';
import { routeOf } from './route.ts';
import { Visit } from './visit.ts';
import { asked } from './wanted.ts';

/** The way of a request through the cache, in order. */
export function cacheResponseMiddleware(cache: Cache, given?: number | Policy<Request>): RequestHandler {
  const policy = resolvePolicy(given);
  const larder: RequestHandler = (req, res, next) =>
    cache.serve(
      () => res.headersSent || res.destroyed,
      () => travel(req, res, next),
    );
  const travel: RequestHandler = (req, res, next) => {
    const outer = takeOver(res);
    const invalidated = isSafe(req.method) ? undefined : invalidateWithReply(cache, req, res, () => []);
    if (invalidated !== undefined) outer.fill?.abandon('nested');
    // Somebody upstream has begun the answer and leaves its rest to the handler.
    if (res.headersSent) {
      outer.fill?.abandon('nested');
      res.cache = NO_CONTROLS;
      return next();
    }
    const visit = new Visit(cache, req.method, outer.isUnseen);
    const question = asked(cache, policy, req);
    if (question.kind === 'bypass') {
      // Of the next client it may not say so.
      if (ABOUT_CLIENT.has(question.detail)) outer.fill?.lose();
      else outer.fill?.abandon('nested');
      const fwd = question.detail === 'method' ? 'method' : 'bypass';
      const status: CacheStatus = { fwd, detail: question.detail };
      return passBy({ ...outer, req, res, next, policy, visit }, status);
    }
    const { partition } = question;
    // With a cookie that upstream has set, its response is for nobody else.
    const wanted = res.hasHeader('Set-Cookie') ? { ...question.wanted, alone: true } : question.wanted;
    const { readBefore, ahead, live } = outer;
    const own = larder;
    const passing = { req, res, next, policy, visit, ahead, live };
    const acting = { ...passing, cache, own, partition, wanted, readBefore, invalidated };
    // Somebody reads the body already, and would be alone with it if the handler came later.
    if (invalidated !== undefined && req.readableFlowing !== null)
      return passBy(acting, { fwd: 'method', detail: 'method' });
    const answering = invalidated === undefined ? answered(acting, outer.fill) : written(acting, wanted);
    waitFor(acting, answering);
  };
  return larder;
}

/** The store's answer; or what a policy further out has begun for the same, which is not begun twice. */
async function answered(acting: Acting, outer: Fill | undefined): Promise<Answer> {
  const { cache, wanted, policy, ahead } = acting;
  const fill = outer && (await cache.adopt(outer, wanted, policy));
  if (fill !== undefined) return { kind: 'forward', fwd: fill.fwd, fill };
  outer?.abandon('nested');
  return ahead?.cache === cache ? keptAhead(acting, ahead) : cache.answer(wanted, policy);
}

/** Bypasses by what a client sends: of the next one it may not say so. */
const ABOUT_CLIENT: ReadonlySet<string> = new Set([
  ...['host', 'target', 'request-body', 'upgrade', 'precondition', 'authorization', 'cookie', 'user'],
]);

/** Nobody asked but a schedule, which wants no answer. */
async function keptAhead({ cache, wanted, policy }: Acting, ahead: Ahead): Promise<Answer> {
  ahead.taken = true;
  const fill = await cache.ahead(wanted, policy, ahead.ms);
  return fill === undefined ? UNWANTED : { kind: 'forward', fwd: fill.fwd, fill };
}

const UNWANTED: Answer = { kind: 'unanswered', status: { detail: 'ahead' } };

/** A write's own answer may be what later GETs of its target get. */
async function written({ cache, res, policy }: Acting, wanted: Wanted): Promise<Answer> {
  const fill = await cache.write(wanted, policy);
  if (fill !== undefined) isStoring.add(res);
  return { kind: 'forward', fwd: 'method', fill, detail: 'method' };
}

interface Acting extends Passing {
  readonly cache: Cache;
  readonly own: RequestHandler;
  /** Of whom the request was when the cache was asked. */
  readonly partition: string | undefined;
  readonly wanted: Wanted;
  readonly readBefore: Reads;
  /** For a write: everything that it made out of date is invalidated. */
  readonly invalidated: Promise<void> | undefined;
}

function act(acting: Acting, answer: Answer): void {
  const { req, res, policy, visit } = acting;
  if (res.destroyed || res.headersSent) {
    comeTooLate(acting, answer);
  } else if (answer.kind === 'stored') {
    const { refresh } = answer;
    const begin = refresh && refreshing(acting, refresh);
    if (refresh?.reason === 'stale' && begin === undefined) waitFor(acting, refresh.inForeground());
    else send(acting, answer);
    if (refresh?.reason === 'early' && begin === undefined) refresh.drop();
    begin?.();
  } else if (answer.kind === 'refresh') {
    const { refresh } = answer;
    const begin = refreshing(acting, refresh);
    begin?.();
    waitFor(acting, begin === undefined ? refresh.inForeground() : again(acting));
  } else if (answer.kind === 'unanswered') {
    if (policy.statusHeaders) tellStatus(res, answer.status);
    res.status(504).end();
    visit.tell(answer.status, routeOf(req));
  } else if (answer.fill === undefined) {
    passBy(acting, { fwd: answer.fwd, detail: answer.detail });
  } else {
    fillFrom(acting, answer.fill);
  }
}

function waitFor(acting: Acting, answering: Promise<Answer>): void {
  const { cache, res, next } = acting;
  answering
    .then((answer) => act(acting, answer))
    .catch((error) => {
      cache.observe({ type: 'error', namespace: cache.namespace, doing: 'answer from the cache', error });
      if (!res.headersSent) next();
    });
}

const again = ({ cache, wanted, policy }: Acting): Promise<Answer> => cache.answer(wanted, policy);

function send(acting: Acting, { stored, status }: Extract<Answer, { kind: 'stored' }>): void {
  const { cache, req, res, policy, visit } = acting;
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
}

/**
 * While the cache was asked the client has left, or a time limit upstream has answered. A handler run for nobody
 * would only load the server; whoever waits for this fill asks for himself.
 */
function comeTooLate(acting: Acting, answer: Answer): void {
  const { req, res, visit, invalidated } = acting;
  // A write is done all the same: whoever sent it need not have waited for the answer.
  if (invalidated !== undefined && !res.headersSent) {
    if (answer.kind === 'forward') answer.fill?.lose();
    passBy(acting, { fwd: 'method', detail: 'too-late' });
    return;
  }
  const fwd = answer.kind === 'forward' ? answer.fwd : 'miss';
  if (answer.kind === 'forward') answer.fill?.lose();
  if (answer.kind === 'stored' || answer.kind === 'refresh') answer.refresh?.drop();
  visit.tell({ fwd, detail: 'too-late' }, routeOf(req));
}

/** The handler's turn, with its response kept on the way to the client. */
function fillFrom(acting: Acting, fill: Fill): void {
  const { res, next, wanted, ahead } = acting;
  captured({ ...acting, head: wanted.head, fill, wrapped: isWrapped(res) }, ahead);
  fill.within(next);
}

interface Passing {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  readonly policy: ResolvedPolicy<Request>;
  readonly visit: Visit;
  /** For a policy nearer to the handler, where this one leaves the request alone. */
  readonly ahead: Ahead | undefined;
  readonly live: Live | undefined;
}

/** The handler's turn, with nothing for the cache to keep. */
function passBy({ req, res, next, policy, visit, ahead, live }: Passing, status: CacheStatus): void {
  if (policy.statusHeaders) tellStatus(res, status);
  begin(res, { visit, ahead, live });
  res.cache = NO_CONTROLS;
  res.once('close', () => visit.tell(status, routeOf(req)));
  next();
}
