import {
  belongsOn304,
  type Cache,
  type FieldLine,
  type Fields,
  type Fill,
  type Forward,
  type ForwardStatus,
  isNotModified,
  type Plan,
  type ResolvedPolicy,
  type StoredResponse,
  type StorePlan,
  withBody,
} from '@larder/core';
import type { Request, Response } from 'express';
import { isForClients } from './cache-control.ts';
import { type Body, capture, type Decision, type End, type Watcher } from './capture.ts';
import { linesOf, removedNames, restoreLines, unchangedNames } from './head.ts';
import { reply, tellStatus } from './reply.ts';
import { isAuthenticated } from './request-head.ts';
import { NO_ROUTE, routeOf } from './route.ts';
import type { Visit } from './visit.ts';
import { type Withheld, withhold } from './withheld.ts';

export interface FillCaptureParts {
  readonly cache: Cache;
  readonly policy: ResolvedPolicy<Request>;
  readonly req: Request;
  readonly res: Response;
  readonly fwd: Forward;
  readonly fill: Fill;
  readonly visit: Visit;
}

/** A handler's response on its way to the client and, if it may be, into the cache. */
export class FillCapture implements Watcher {
  readonly #parts: FillCaptureParts;
  readonly #method: string;
  readonly #partition: string | symbol | undefined;
  readonly #withheld: Withheld;
  /** Lines set before the cache's place in the stack. */
  readonly #before: readonly FieldLine[];
  /** Something upstream rewrites responses: what we promise of one may not hold further out. */
  readonly #wrapped: boolean;
  #response: StoredResponse | undefined;
  #status: ForwardStatus;
  #declaredLength: number | undefined;
  #route: string | undefined;
  #givenUp = false;

  constructor(parts: FillCaptureParts) {
    const { req, res, policy } = parts;
    this.#parts = parts;
    this.#method = req.method;
    this.#status = { fwd: parts.fwd };
    this.#before = linesOf(res);
    this.#wrapped = Object.hasOwn(res, 'writeHead') || Object.hasOwn(res, 'end');
    this.#partition = this.#partitionNow();
    this.#withheld = withhold(req, policy);
    capture(res, policy.maxBodyBytes, this);
  }

  /** From here on the response is somebody else's. */
  giveUp(): void {
    this.#givenUp = true;
    this.#withheld.restore();
    this.#parts.fill.abandon();
  }

  head(body: Body, end: End): Decision {
    if (this.#givenUp) return SEND;
    this.#declaredLength = declaredLength(this.#parts.res);
    this.#route = routeOf(this.#parts.req);
    const plan = this.#plan();
    this.#status = plan.status;
    if (plan.kind === 'serve-stale') return this.#serveStale(plan, end);
    if (plan.kind === 'store') this.#response = this.#withBody(plan, body);
    return this.#send(plan, body);
  }

  tooLarge(): void {
    if (this.#givenUp) return;
    this.#parts.fill.skip('too-large');
    // A large download may take its time; nobody need wait for its end to fetch one of his own.
    this.#parts.fill.abandon();
  }

  ended(body: Buffer | undefined): void {
    if (this.#givenUp) return;
    this.#withheld.restore();
    const { cache, visit } = this.#parts;
    const route = this.#route!;
    this.#complete(body).then(
      (outcome) => visit.tell({ ...this.#status, ...outcome }, route),
      (error) =>
        cache.observe({ type: 'error', namespace: cache.namespace, doing: 'store a response', error }),
    );
  }

  clientGone(): void {
    if (this.#givenUp) return;
    const { fill, visit } = this.#parts;
    fill.lose();
    visit.tell({ ...this.#status, detail: 'client-gone' }, this.#route ?? NO_ROUTE);
  }

  destroyed(): void {
    if (this.#givenUp) return;
    this.#withheld.restore();
    const { fill, visit, req } = this.#parts;
    fill.lose();
    visit.tell({ ...this.#status, detail: 'destroyed' }, this.#route ?? routeOf(req));
  }

  #plan(): Plan {
    const { fill, req, res } = this.#parts;
    if (req.method !== this.#method) fill.skip('method-override');
    this.#askAgain();
    const lines = linesOf(res);
    return fill.plan({
      status: res.statusCode,
      lines,
      inherited: unchangedNames(this.#before, lines),
      removed: removedNames(this.#before, res),
      directivesForClients: isForClients(res),
      route: this.#route!,
    });
  }

  #withBody({ response }: StorePlan, body: Body): StoredResponse {
    return body instanceof Buffer ? withBody(response, body, this.#wrapped ? 'weak' : 'strong') : response;
  }

  /** What the client gets now is what later ones will get from the cache, less its Age. */
  #send(plan: Plan, body: Body): Decision {
    const { res, policy } = this.#parts;
    for (const [name, value] of plan.kind === 'store' ? plan.added : []) res.setHeader(name, value);
    if (this.#response?.etag !== undefined) res.setHeader('ETag', this.#response.etag);
    const certain = body instanceof Buffer && plan.kind === 'store' && !this.#wrapped;
    if (policy.statusHeaders) tellStatus(res, certain ? { ...plan.status, stored: true } : plan.status);
    const withoutBody = isFresh(this.#withheld.asked, res);
    if (withoutBody) becomeNotModified(res);
    return { kind: 'send', withoutBody, keep: plan.kind === 'store' };
  }

  #serveStale({ stored, status }: Extract<Plan, { kind: 'serve-stale' }>, end: End): Decision {
    const { cache, policy, req, res } = this.#parts;
    restoreLines(res, this.#before);
    const { statusHeaders } = policy;
    const { asked } = this.#withheld;
    reply(req, res, { asked, stored, status, statusHeaders, now: cache.clock.now(), end });
    return { kind: 'replaced' };
  }

  async #complete(body: Buffer | undefined): Promise<Partial<Outcome>> {
    const { fill, res } = this.#parts;
    const response = this.#response;
    this.#askAgain();
    const flaw = response === undefined ? 'unstorable' : this.#flaw(body);
    if (flaw !== undefined || !fill.allows({ status: response!.status, lines: linesOf(res) })) {
      fill.abandon();
      return response === undefined ? {} : { stored: false, detail: flaw ?? 'changed-upstream' };
    }
    return { stored: await fill.complete({ ...response!, body: body! }) };
  }

  /** Who is asking is looked at twice: middleware behind the cache may have found it out only now. */
  #askAgain(): void {
    const { fill, req, policy } = this.#parts;
    if (isAuthenticated(req) && !policy.credentialsCovered) fill.skip('user');
    // Only while the request is as it came: a partition may be read from a cookie that the handler may not see.
    if (!this.#withheld.hidden && this.#partitionNow() !== this.#partition) fill.skip('partition');
  }

  /** A partition that cannot be told is none, and is told from every other. */
  #partitionNow(): string | symbol | undefined {
    try {
      return this.#parts.policy.partition?.(this.#parts.req);
    } catch {
      return Symbol('unknown');
    }
  }

  #flaw(body: Buffer | undefined): string | undefined {
    if (body === undefined) return 'too-large';
    return this.#declaredLength === undefined || this.#declaredLength === body.length ? undefined : 'length';
  }
}

interface Outcome {
  readonly stored: boolean;
  readonly detail: string;
}

const SEND: Decision = { kind: 'send', withoutBody: false, keep: false };

function declaredLength(res: Response): number | undefined {
  const length = res.getHeader('Content-Length');
  return length === undefined ? undefined : Number(length);
}

/** The client's precondition, which was hidden from the handler, answered in its place. */
function isFresh(asked: Fields, res: Response): boolean {
  if (res.statusCode < 200 || res.statusCode > 299) return false;
  const text = (name: string) => res.getHeader(name)?.toString();
  return isNotModified(asked, { etag: text('ETag'), lastModified: text('Last-Modified') });
}

function becomeNotModified(res: Response): void {
  res.statusCode = 304;
  res.statusMessage = '';
  for (const name of res.getHeaderNames()) {
    if (!belongsOn304(name)) res.removeHeader(name);
  }
}
