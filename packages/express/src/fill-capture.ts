import {
  belongsOn304,
  type Cache,
  type FieldLine,
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
import { linesOf, restoreLines, unchangedNames } from './head.ts';
import { reply, tellStatus } from './reply.ts';
import { fieldsOfRequest, isAuthenticated } from './request-head.ts';
import { routeOf } from './route.ts';
import type { Visit } from './visit.ts';
import { withhold } from './withheld.ts';

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
  readonly #restoreRequest: () => void;
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
    this.#restoreRequest = withhold(req, policy);
    capture(res, policy.maxBodyBytes, this);
  }

  /** From here on the response is somebody else's. */
  giveUp(): void {
    this.#givenUp = true;
    this.#restoreRequest();
    this.#parts.fill.abandon();
  }

  head(body: Body, end: End): Decision {
    if (this.#givenUp) return SEND;
    this.#restoreRequest();
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
    const { cache, visit } = this.#parts;
    const route = this.#route!;
    this.#complete(body).then(
      (outcome) => visit.tell({ ...this.#status, ...outcome }, route),
      (error) =>
        cache.observe({ type: 'error', namespace: cache.namespace, doing: 'store a response', error }),
    );
  }

  destroyed(): void {
    if (this.#givenUp) return;
    this.#restoreRequest();
    const { fill, visit, req } = this.#parts;
    fill.abandon();
    visit.tell({ ...this.#status, detail: 'destroyed' }, this.#route ?? routeOf(req));
  }

  #plan(): Plan {
    const { fill, req, res, policy } = this.#parts;
    if (req.method !== this.#method) fill.skip('method-override');
    if (isAuthenticated(req) && !policy.credentialsCovered) fill.skip('user');
    const lines = linesOf(res);
    return fill.plan({
      status: res.statusCode,
      lines,
      inherited: unchangedNames(this.#before, lines),
      directivesForClients: isForClients(res),
      route: this.#route!,
    });
  }

  #withBody({ response }: StorePlan, body: Body): StoredResponse {
    return body instanceof Buffer ? withBody(response, body, this.#wrapped ? 'weak' : 'strong') : response;
  }

  /** What the client gets now is what later ones will get from the cache, less its Age. */
  #send(plan: Plan, body: Body): Decision {
    const { req, res, policy } = this.#parts;
    for (const [name, value] of plan.kind === 'store' ? plan.added : []) res.setHeader(name, value);
    if (this.#response?.etag !== undefined) res.setHeader('ETag', this.#response.etag);
    const certain = body instanceof Buffer && plan.kind === 'store' && !this.#wrapped;
    if (policy.statusHeaders) tellStatus(res, certain ? { ...plan.status, stored: true } : plan.status);
    return isFresh(req, res) ? asNotModified(res) : SEND;
  }

  #serveStale({ stored, status }: Extract<Plan, { kind: 'serve-stale' }>, end: End): Decision {
    const { cache, policy, req, res } = this.#parts;
    restoreLines(res, this.#before);
    reply(req, res, { stored, status, statusHeaders: policy.statusHeaders, now: cache.clock.now(), end });
    return { kind: 'replaced' };
  }

  async #complete(body: Buffer | undefined): Promise<Partial<Outcome>> {
    const { fill, req, res, policy } = this.#parts;
    const response = this.#response;
    if (isAuthenticated(req) && !policy.credentialsCovered) fill.skip('user');
    const flaw = response === undefined ? 'unstorable' : this.#flaw(body);
    if (flaw !== undefined || !fill.allows({ status: response!.status, lines: linesOf(res) })) {
      fill.abandon();
      return response === undefined ? {} : { stored: false, detail: flaw ?? 'changed-upstream' };
    }
    return { stored: await fill.complete({ ...response!, body: body! }) };
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

const SEND: Decision = { kind: 'send' };

function declaredLength(res: Response): number | undefined {
  const length = res.getHeader('Content-Length');
  return length === undefined ? undefined : Number(length);
}

/** The client's precondition, which was hidden from the handler, answered in its place. */
function isFresh(req: Request, res: Response): boolean {
  if (res.statusCode < 200 || res.statusCode > 299) return false;
  const text = (name: string) => res.getHeader(name)?.toString();
  return isNotModified(fieldsOfRequest(req), { etag: text('ETag'), lastModified: text('Last-Modified') });
}

function asNotModified(res: Response): Decision {
  res.statusCode = 304;
  for (const name of res.getHeaderNames()) {
    if (!belongsOn304(name) || name === 'transfer-encoding') res.removeHeader(name);
  }
  return { kind: 'send', withoutBody: true };
}
