import {
  type Cache,
  type FieldLine,
  type Fill,
  type Forward,
  type ForwardStatus,
  type Plan,
  type StoredResponse,
  withBody,
} from '@larder/core';
import type { Response } from 'express';
import { presetOf } from './cache-control.ts';
import { type Body, capture, type Decision, type End, isWrapped, type Watcher } from './capture.ts';
import { FilledRequest, type FilledRequestParts } from './filled-request.ts';
import { declaredLength, linesOf, removedNames, restoreLines, unchangedNames } from './head.ts';
import { reply, replyAs, tellStatus } from './reply.ts';
import { NO_ROUTE, routeOf } from './route.ts';
import type { Visit } from './visit.ts';

export interface FillCaptureParts extends FilledRequestParts {
  readonly cache: Cache;
  readonly res: Response;
  readonly fwd: Forward;
  readonly fill: Fill;
  readonly visit: Visit;
  /** For a write: everything that it made out of date is invalidated. */
  readonly invalidated: Promise<void> | undefined;
}

type PlanOf<K extends Plan['kind']> = Extract<Plan, { kind: K }>;

/** A handler's response on its way to the client and, if it may be, into the cache. */
export class FillCapture implements Watcher {
  readonly #parts: FillCaptureParts;
  readonly #request: FilledRequest;
  /** Lines set before the cache's place in the stack. */
  readonly #before: readonly FieldLine[];
  /** Something upstream rewrites responses: what we promise of one may not hold further out. */
  readonly #wrapped: boolean;
  readonly #isWrite: boolean;
  #plan: Plan | undefined;
  /** What is stored once the handler has ended, but for the bytes of a stream. */
  #response: StoredResponse | undefined;
  #status: ForwardStatus;
  #end: End = () => {};
  #declaredLength: number | undefined;
  #route: string | undefined;
  #givenUp = false;

  constructor(parts: FillCaptureParts) {
    const { res, policy, fill } = parts;
    this.#parts = parts;
    this.#status = { fwd: parts.fwd };
    this.#isWrite = parts.invalidated !== undefined;
    this.#before = linesOf(res);
    this.#wrapped = isWrapped(res);
    this.#request = new FilledRequest(parts, this.#isWrite ? undefined : fill.conditions);
    capture(res, policy.maxBodyBytes, this);
  }

  /** From here on the response is somebody else's. */
  giveUp(): void {
    this.#givenUp = true;
    this.#request.restore();
    this.#parts.fill.abandon();
  }

  outside<T>(call: () => T): T {
    return this.#givenUp ? call() : this.#request.outside(call);
  }

  head(body: Body, end: End): Decision {
    if (this.#givenUp) return SEND;
    this.#end = end;
    this.#declaredLength = declaredLength(this.#parts.res);
    this.#route = routeOf(this.#parts.req);
    const plan = this.#planned();
    this.#plan = plan;
    this.#status = plan.status;
    switch (plan.kind) {
      case 'cover':
        return { kind: 'replaced', keep: true };
      case 'freshened':
        return this.#sendFreshened(plan);
      case 'store':
        this.#response = this.#withBody(plan.response, body);
        return this.#send(body, plan.added);
      case 'pass':
        return this.#send(body, []);
    }
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
    this.#finish(body)
      .catch((error): Outcome => {
        cache.observe({ type: 'error', namespace: cache.namespace, doing: 'store a response', error });
        return {};
      })
      .then((outcome) => visit.tell({ ...this.#status, ...outcome }, route));
    this.#request.restore();
  }

  clientGone(): void {
    if (!this.#givenUp) this.#lose('client-gone', NO_ROUTE);
  }

  destroyed(): void {
    if (this.#givenUp) return;
    this.#request.restore();
    this.#lose('destroyed', routeOf(this.#parts.req));
  }

  #lose(detail: string, route: string): void {
    this.#parts.fill.lose();
    this.#parts.visit.tell({ ...this.#status, detail }, this.#route ?? route);
  }

  #planned(): Plan {
    const { fill, res } = this.#parts;
    this.#lookAgain();
    const preset = presetOf(res);
    const lines = linesOf(res);
    return fill.plan({
      status: res.statusCode,
      lines,
      inherited: unchangedNames(this.#before, lines),
      removed: removedNames(this.#before, res),
      directivesForClients: preset !== undefined,
      expiresIn: preset?.expiresIn,
      reads: this.#request.reads,
      route: this.#route!,
    });
  }

  #withBody(response: StoredResponse, body: Body): StoredResponse {
    return body instanceof Buffer ? withBody(response, body, this.#wrapped ? 'weak' : 'strong') : response;
  }

  /** What the client gets now is what later ones will get from the cache, less its Age. */
  #send(body: Body, added: readonly FieldLine[]): Decision {
    const { res, policy } = this.#parts;
    const storing = this.#response !== undefined;
    const certain = storing && !this.#isWrite && body instanceof Buffer && !this.#wrapped;
    if (certain) this.#status = { ...this.#status, stored: true };
    const etag = this.#response?.etag;
    const lines: readonly FieldLine[] = etag === undefined ? added : [...added, ['ETag', etag]];
    const withoutBody = replyAs(res, { asked: this.#isWrite ? undefined : this.#request.asked, lines });
    if (policy.statusHeaders) tellStatus(res, this.#status);
    return { kind: 'send', withoutBody, keep: storing };
  }

  #sendFreshened({ stored, keep }: PlanOf<'freshened'>): Decision {
    if (keep) {
      this.#response = stored;
      this.#status = { ...this.#status, stored: true };
    }
    this.#reply(stored);
    return { kind: 'replaced', keep: false };
  }

  #reply(stored: StoredResponse): void {
    const { cache, policy, req, res } = this.#parts;
    reply(req, res, {
      asked: this.#request.asked,
      stored,
      status: this.#status,
      statusHeaders: policy.statusHeaders,
      now: cache.clock.now(),
      end: this.#end,
    });
  }

  async #finish(body: Buffer | undefined): Promise<Outcome> {
    const { fill } = this.#parts;
    const plan = this.#plan!;
    if (plan.kind === 'cover') return this.#cover(plan, body);
    if (plan.kind !== 'store') {
      const stored = plan.kind === 'pass' ? plan.stored : this.#response;
      if (stored === 'outdated') await fill.outdate();
      else if (stored !== undefined) await fill.complete(stored);
      return {};
    }
    const objection = this.#objection(body);
    if (objection === undefined) {
      await this.#parts.invalidated;
      return { stored: await fill.complete({ ...this.#response!, body: body! }) };
    }
    fill.abandon();
    return { stored: false, detail: objection };
  }

  /** A failure is covered by what may still be served, and goes out as it is where that has been invalidated. */
  async #cover({ stored }: PlanOf<'cover'>, body: Buffer | undefined): Promise<Outcome> {
    const { fill, policy, res } = this.#parts;
    const stands = await fill.stillStands().catch(() => false);
    if (stands) {
      restoreLines(res, this.#before);
      this.#reply(stored);
      return {};
    }
    this.#status = { ...this.#status, detail: undefined };
    if (policy.statusHeaders) tellStatus(res, this.#status);
    if (body === undefined) res.removeHeader('Content-Length');
    this.#end(body);
    return {};
  }

  #lookAgain(): void {
    const otherwise = this.#request.otherwise();
    if (otherwise !== undefined) this.#parts.fill.skip(otherwise);
  }

  /** Why the whole is not stored that was to be. */
  #objection(body: Buffer | undefined): string | undefined {
    const { fill, res } = this.#parts;
    this.#lookAgain();
    if (body === undefined) return 'too-large';
    if (this.#declaredLength !== undefined && this.#declaredLength !== body.length) return 'length';
    return fill.objection(this.#response!, linesOf(res), this.#request.reads);
  }
}

interface Outcome {
  readonly stored?: boolean;
  readonly detail?: string;
}

const SEND: Decision = { kind: 'send', withoutBody: false, keep: false };
