import { canBeValidated, coverableUntil, isRemoval, type StoredResponse } from './entry.ts';
import { type ForwardStatus, STALE_IF_ERROR } from './http/cache-status.ts';
import { type FieldLine, fieldsOf } from './http/fields.ts';
import { comparedByHead, freshenedLines, isAbout } from './http/freshen.ts';
import { isServerFailure } from './http/reuse.ts';
import { OWN_FIELD } from './http/targeted.ts';
import { dated, type HandlerHead, ownLines, type PlanContext, refusalOf, stored } from './storing.ts';

/** What becomes of a response, decided when its head is known and its body need not be. */
export type Plan =
  /** The handler failed: a stale response may cover it, if it has not been invalidated meanwhile. */
  | { readonly kind: 'cover'; readonly stored: StoredResponse; readonly status: ForwardStatus }
  /** The handler says that the stored response still holds (RFC 9111 §4.3.4); `keep` when it is stored anew. */
  | {
      readonly kind: 'freshened';
      readonly stored: StoredResponse;
      readonly keep: boolean;
      readonly status: ForwardStatus;
    }
  | PassPlan
  | StorePlan;

export interface PassPlan {
  readonly kind: 'pass';
  readonly status: ForwardStatus;
  /**
   * What is to become of the stored response: freshened by a HEAD (RFC 9111 §4.3.5); or out of date, when a HEAD says
   * so, or the resource is gone or nobody's business any more.
   */
  readonly stored?: StoredResponse | 'outdated' | undefined;
}

export interface StorePlan {
  readonly kind: 'store';
  /** Everything of the stored response but its body. */
  readonly response: StoredResponse;
  /** False for what is shared with who waits for it and not kept yet. */
  readonly admitted: boolean;
  /** Lines to add to what the client gets now, which the stored response has too. */
  readonly added: readonly FieldLine[];
  readonly status: ForwardStatus;
}

export function planFor(handler: HandlerHead, context: PlanContext): Plan {
  const { stale, now, fwd, request } = context;
  const status: ForwardStatus = { fwd, fwdStatus: handler.status };
  if (request.method === 'HEAD') return { kind: 'pass', status, stored: afterHead(handler, context) };
  // RFC 5861 §4: a failing handler counts as one that cannot be reached (RFC 9111 §4.2.4).
  const coverable = fwd === 'stale' && isServerFailure(handler.status);
  if (stale !== undefined && coverable && now < coverableUntil(stale))
    return { kind: 'cover', stored: stale, status: { ...status, detail: STALE_IF_ERROR } };
  if (stale !== undefined && handler.status === 304 && canBeValidated(stale))
    return afterNotModified(handler, stale, context);
  const complete = dated(handler, now);
  const detail = refusalOf(complete.head, handler, context);
  if (detail !== undefined) {
    const outdated = stale !== undefined && (isGone(handler.status) || isWithdrawal(detail, handler));
    return { kind: 'pass', status: { ...status, detail }, stored: outdated ? 'outdated' : undefined };
  }
  return { kind: 'store', status, admitted: true, ...stored(handler, complete, ownLines(handler), context) };
}

const isGone = (status: number): boolean => status === 404 || status === 410;

/** A cookie that upstream sets says nothing of what the handler has made. */
const isWithdrawal = (detail: string, { inherited }: HandlerHead): boolean =>
  WITHDRAWN.has(detail) && !(detail === 'set-cookie' && inherited.has('set-cookie'));

/** Refusals by which a handler says that what it answered before is not for everybody any more. */
const WITHDRAWN = new Set(['no-store', 'private', 'set-cookie']);

/** RFC 9111 §4.3.4. A 304 that is not about what was asked confirms it all the same, and changes nothing of it. */
function afterNotModified(handler: HandlerHead, stale: StoredResponse, context: PlanContext): Plan {
  const status: ForwardStatus = { fwd: context.fwd, fwdStatus: 304 };
  const own = ownLines(handler);
  if (!isAbout(fieldsOf(stale.lines), fieldsOf(own)))
    return {
      kind: 'freshened',
      stored: stale,
      keep: false,
      status: { ...status, detail: 'other-validator' },
    };
  const { response, detail } = freshened(handler, stale, context);
  const keep = detail === undefined;
  return { kind: 'freshened', stored: response, keep, status: keep ? status : { ...status, detail } };
}

/** RFC 9111 §4.3.5. */
function afterHead(handler: HandlerHead, context: PlanContext): PassPlan['stored'] {
  const { stale } = context;
  if (stale?.status !== handler.status) return undefined;
  const { ownEtag, lines, body } = stale;
  const compared = { fields: fieldsOf(lines), ownEtag, length: body.length };
  const now = comparedByHead(fieldsOf(handler.lines), compared);
  if (now !== 'same') return now === 'changed' ? 'outdated' : undefined;
  const { response, detail } = freshened(handler, stale, context);
  return detail === undefined ? response : undefined;
}

/** The stored response under its newer head (RFC 9111 §3.2), and why it may not be stored so. */
function freshened(
  handler: HandlerHead,
  stale: StoredResponse,
  context: PlanContext,
): { response: StoredResponse; detail: string | undefined } {
  const newer = ownLines(handler);
  const isNewer = new Set(newer.map(([name]) => name.toLowerCase()));
  // Undated, the newer head is of now and not of when the stored one was made.
  const past = new Set([
    'date',
    ...(stale.ownControl ? ['cache-control'] : []),
    ...(handler.expiresIn === undefined ? [] : ['expires']),
  ]);
  const old = stale.lines.filter(([name, value]) => !isRemoval(value) && !past.has(name.toLowerCase()));
  const said: FieldLine[] = stale.ownField === undefined ? [] : [[OWN_FIELD, stale.ownField]];
  const own = freshenedLines([...old, ...said], newer);
  const rest = handler.lines.filter(([name]) => !isNewer.has(name.toLowerCase()));
  const removed = stale.lines
    .filter(([name, value]) => isRemoval(value) && !isNewer.has(name.toLowerCase()))
    .map(([name]) => name);
  const complete = dated({ status: stale.status, lines: [...rest, ...own] }, context.now);
  // What was learned by reading is in no Vary that a handler would repeat.
  const learned = context.rules.reads === 'vary' ? stale.nominated.map(([name]) => name) : [];
  const { response } = stored({ ...handler, removed }, complete, own, { ...context, learned });
  return {
    response: {
      ...response,
      body: stale.body,
      ownEtag: stale.ownEtag && response.etag === stale.etag,
      // A handler that only confirms may have read less than the one that made it.
      forEverybody: stale.forEverybody && response.forEverybody,
    },
    detail: refusalOf(complete.head, handler, context),
  };
}
