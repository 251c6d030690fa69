import {
  type Cache,
  type CacheStatus,
  isSafe,
  type Policy,
  type ResolvedPolicy,
  resolvePolicy,
} from '@larder/core';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { controlsOf, NO_CONTROLS } from './controls.ts';
import { FillCapture } from './fill-capture.ts';
import { invalidateWithReply } from './invalidates.ts';
import { reply, tellStatus } from './reply.ts';
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
    takeOver(res);
    if (!isSafe(req.method)) invalidateWithReply(cache, req, res, () => []);
    const visit = new Visit(cache, req.method);
    const question = asked(cache, policy, req);
    if (question.kind === 'bypass') {
      const fwd = question.detail === 'method' ? 'method' : 'bypass';
      const status: CacheStatus = { fwd, detail: question.detail };
      return passBy({ req, res, next, policy, visit }, status);
    }
    cache.answer(question.wanted, policy).then((answer) => {
      if (answer.kind === 'stored') {
        const { stored, status } = answer;
        const end = (body?: Buffer) => res.end(body);
        reply(req, res, { stored, status, statusHeaders: policy.statusHeaders, now: cache.clock.now(), end });
        return visit.tell(status, stored.route);
      }
      if (answer.fill === undefined) return passBy({ req, res, next, policy, visit }, { fwd: answer.fwd });
      // A handler run for nobody would only load the server; whoever waits for this fill asks for himself.
      if (res.destroyed) return answer.fill.abandon();
      const capture = new FillCapture({ cache, policy, req, res, fwd: answer.fwd, fill: answer.fill, visit });
      ongoing.set(res, { visit, capture });
      res.cache = controlsOf(cache, answer.fill);
      next();
    }, next);
  };
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
function takeOver(res: Response): void {
  const outer = ongoing.get(res);
  outer?.capture?.giveUp();
  outer?.visit.handOver();
  if (outer !== undefined) {
    res.removeHeader('X-Cache');
    res.removeHeader('Cache-Status');
  }
}
