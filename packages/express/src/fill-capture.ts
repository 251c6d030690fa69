import {
  type Cache,
  type FieldLine,
  type Fill,
  type Forward,
  type ForwardStatus,
  isReplayed,
  type Plan,
  type Reads,
  type StoredResponse,
  withBody,
} from '@larder/core';
import type { Response } from 'express';
import { type Body, capture, type Decision, type End, isWrapped, type Watcher } from './capture.ts';
import { type Outcome, settle } from './fill-ending.ts';
import { FilledRequest, type FilledRequestParts } from './filled-request.ts';
import { handlerHead } from './handler-head.ts';
import { changedLines, declaredLength, linesOf, restoreLines } from './head.ts';
import { HeldFailure } from './held-failure.ts';
import { reply, replyAs, tellStatus, untellStatus } from './reply.ts';
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
  #failure: HeldFailure | undefined;
  /** Lines as they were when the head was decided. */
  #decided: readonly FieldLine[] = [];
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

  /** From here on the response is somebody else's, who must know what was read of its request so far. */
  giveUp(): Reads {
    this.#givenUp = true;
    this.#request.restore();
    this.#parts.fill.abandon();
    return this.#request.readSoFar;
  }

  outside<T>(call: () => T): T {
    return this.#givenUp ? call() : this.#request.outside(call);
  }

  head(body: Body, end: End): Decision {
    if (this.#givenUp) return SEND;
    this.#end = end;
    this.#declaredLength = declaredLength(this.#parts.res);
    this.#route = routeOf(this.#parts.req);
    this.#request.lookAgain(this.#parts.fill);
    const { fill, res } = this.#parts;
    const plan = fill.plan(handlerHead(res, this.#before, this.#request.reads, this.#route));
    this.#plan = plan;
    this.#status = plan.status;
    switch (plan.kind) {
      case 'cover':
        this.#failure = new HeldFailure(res);
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
    this.#lose('client-gone', NO_ROUTE);
  }

  destroyed(): void {
    this.#lose('destroyed', routeOf(this.#parts.req));
  }

  #lose(detail: string, route: string): void {
    if (this.#givenUp) return;
    this.#request.restore();
    this.#parts.fill.lose();
    this.#parts.visit.tell({ ...this.#status, detail }, this.#route ?? route);
  }

  #withBody(response: StoredResponse, body: Body): StoredResponse {
    return body instanceof Buffer ? withBody(response, body, this.#wrapped ? 'weak' : 'strong') : response;
  }

  /** What the client gets now is what later ones will get from the cache, less its Age. */
  #send(body: Body, added: readonly FieldLine[]): Decision {
    const { res, policy } = this.#parts;
    const storing = this.#response !== undefined;
    const certain = storing && !this.#isWrite && !this.#wrapped && this.#isWhole(body);
    if (certain) this.#status = { ...this.#status, stored: true };
    const etag = this.#response?.etag;
    const lines: readonly FieldLine[] = etag === undefined ? added : [...added, ['ETag', etag]];
    const withoutBody = replyAs(res, { asked: this.#isWrite ? undefined : this.#request.asked, lines });
    if (policy.statusHeaders) tellStatus(res, this.#status);
    this.#decided = linesOf(res);
    return { kind: 'send', withoutBody, keep: storing };
  }

  /** What middleware behind the cache says only now was not judged, and a hit would lack it. */
  headGoes(): void {
    if (this.#givenUp || this.#plan?.kind !== 'store') return;
    const late = changedLines(this.#decided, linesOf(this.#parts.res));
    if (late.some(([name]) => isReplayed(name))) this.#parts.fill.skip('late-head');
  }

  broken(): void {
    if (this.#givenUp) return;
    const { fill, res } = this.#parts;
    this.#response = undefined;
    fill.skip('invalid-head');
    fill.abandon();
    if (!res.headersSent) untellStatus(res);
  }

  #isWhole(body: Body): boolean {
    return body instanceof Buffer && (this.#declaredLength ?? body.length) === body.length;
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
    if (this.#plan!.kind === 'cover') return this.#cover(this.#plan!, body);
    const { fill, res, invalidated } = this.#parts;
    const [plan, response, declared] = [this.#plan!, this.#response, this.#declaredLength];
    return settle({ plan, response, declared, fill, res, request: this.#request, invalidated }, body);
  }

  /** A failure is covered by what may still be served, and goes out as it is where that has been invalidated. */
  async #cover({ stored }: PlanOf<'cover'>, body: Buffer | undefined): Promise<Outcome> {
    const { fill, policy, res } = this.#parts;
    const stands = await fill.stillStands().catch(() => false);
    try {
      if (stands) {
        restoreLines(res, this.#before);
        this.#reply(stored);
        return {};
      }
    } catch (error) {
      // Something upstream refused it; a client that waits for an answer gets the one there is.
      if (res.headersSent) throw error;
    }
    this.#status = { ...this.#status, detail: undefined };
    this.#failure!.release(this.#status, policy.statusHeaders, body, this.#end);
    return {};
  }
}

const SEND: Decision = { kind: 'send', withoutBody: false, keep: false };
