import {
  type FieldLine,
  type ForwardStatus,
  isReplayed,
  type Plan,
  type Reads,
  STALE_IF_SLOW,
  type StoredResponse,
  ttlOf,
  withBody,
} from '@larder/core';
import {
  AS_IT_IS,
  type Body,
  type Captured,
  capture,
  type Decision,
  type End,
  type Watcher,
} from './capture.ts';
import { type Outcome, settle } from './fill-ending.ts';
import type { FillCaptureParts } from './fill-parts.ts';
import { FilledRequest } from './filled-request.ts';
import { handlerHead } from './handler-head.ts';
import { changedLines, declaredLength, linesOf, restoreLines } from './head.ts';
import { HeldFailure } from './held-failure.ts';
import { reply, replyAs, tellStatus, untellStatus } from './reply.ts';
import { NO_ROUTE, routeOf } from './route.ts';
import { shut, whenSlow } from './stand-in.ts';

type PlanOf<K extends Plan['kind']> = Extract<Plan, { kind: K }>;

/** A handler's response on its way to the client and, if it may be, into the cache. */
export class FillCapture implements Watcher {
  readonly #parts: FillCaptureParts;
  readonly #request: FilledRequest;
  /** Lines set before the cache's place in the stack. */
  readonly #before: readonly FieldLine[];
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
  readonly #captured: Captured;
  /** Cancels what is done when the handler takes too long. */
  readonly #inTime: () => void;

  constructor(parts: FillCaptureParts) {
    const { res, policy, fill } = parts;
    this.#parts = parts;
    this.#status = { fwd: fill.fwd };
    this.#isWrite = parts.invalidated !== undefined;
    this.#before = linesOf(res);
    this.#request = new FilledRequest(parts, this.#isWrite ? undefined : fill.conditions);
    this.#captured = capture(res, policy.maxBodyBytes, this);
    this.#inTime = whenSlow(parts, (stored) => this.#standIn(stored));
  }

  /** From here on the response, and its fill, are somebody else's, who must know what was read of its request so far. */
  giveUp(): Reads {
    this.#givenUp = true;
    this.#inTime();
    this.#request.restore();
    return this.#request.readSoFar;
  }

  outside<T>(call: () => T): T {
    return this.#givenUp ? call() : this.#request.outside(call);
  }

  head(body: Body, end: End): Decision {
    if (this.#givenUp) return AS_IT_IS;
    this.#inTime();
    this.#end = end;
    this.#declaredLength = declaredLength(this.#parts.res);
    this.#route = routeOf(this.#parts.req);
    this.#request.lookAgain(this.#parts.fill);
    const { fill, res } = this.#parts;
    const plan = fill.plan(handlerHead(res, this.#before, this.#request.reads, this.#route));
    const strength = this.#parts.wrapped ? 'weak' : 'strong';
    this.#plan = plan;
    this.#status = plan.status;
    switch (plan.kind) {
      case 'cover':
        this.#failure = new HeldFailure(res);
        return { kind: 'replaced', keep: true };
      case 'freshened':
        return this.#sendFreshened(plan);
      case 'store':
        this.#response = body instanceof Buffer ? withBody(plan.response, body, strength) : plan.response;
        return this.#send(body, plan.added);
      case 'pass':
        return this.#send(body, []);
    }
  }

  tooLarge(): void {
    if (this.#givenUp) return;
    this.#parts.fill.skip('too-large');
    // A large download may take its time; nobody need wait for its end to fetch one of his own.
    this.#parts.fill.abandon('too-large');
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

  clientLeft(): void {
    const { cache, fill, req, visit } = this.#parts;
    cache.clock.after(GRACE_MS, () => {
      if (this.#givenUp || this.#plan !== undefined) return;
      fill.lose();
      visit.tell({ ...this.#status, detail: 'client-gone' }, routeOf(req));
    });
  }

  readonly clientGone = (): void => this.#lose('client-gone', NO_ROUTE);
  readonly destroyed = (): void => this.#lose('destroyed', routeOf(this.#parts.req));

  /** In place of a handler that takes its time. */
  #standIn(stored: StoredResponse): void {
    const { cache, req, res, visit } = this.#parts;
    const end = this.#givenUp || res.destroyed ? undefined : this.#captured.preempt();
    if (end === undefined) return;
    this.#end = end;
    restoreLines(res, this.#before);
    this.#status = { fwd: 'stale', ttl: ttlOf(stored, cache.clock.now()), detail: STALE_IF_SLOW };
    try {
      this.#reply(stored);
    } catch (error) {
      restoreLines(res, this.#before);
      this.#captured.reopen();
      throw error;
    }
    this.#givenUp = true;
    this.#request.restore();
    shut(res);
    visit.tell(this.#status, routeOf(req));
  }

  #lose(detail: string, route: string): void {
    if (this.#givenUp) return;
    this.#inTime();
    this.#request.restore();
    // Nobody but the handler can have ended what nobody asked for.
    if (this.#parts.visit.isUnseen) this.#parts.fill.fail();
    else this.#parts.fill.lose();
    this.#parts.visit.tell({ ...this.#status, detail }, this.#route ?? route);
  }

  /** What the client gets now is what later ones will get from the cache, less its Age. */
  #send(body: Body, added: readonly FieldLine[]): Decision {
    const { res, policy } = this.#parts;
    const storing = this.#response !== undefined;
    const admitted = this.#plan?.kind === 'store' && this.#plan.admitted;
    const whole = body instanceof Buffer && (this.#declaredLength ?? body.length) === body.length;
    const certain = admitted && whole && !this.#isWrite && !this.#parts.wrapped;
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
    fill.abandon('invalid-head');
    if (!res.headersSent) untellStatus(res);
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
    const { fill, policy } = this.#parts;
    const stands = await fill.stillStands().catch(() => false);
    if (stands && this.#failure!.coverBy(this.#before, () => this.#reply(stored))) return {};
    this.#status = { ...this.#status, detail: undefined };
    this.#failure!.release(this.#status, policy.statusHeaders, body, this.#end);
    return {};
  }
}

/** Ms that whoever waits for a response gives its handler to answer once its own client has left. */
const GRACE_MS = 1000;
