import { entityTag } from './entity-tag.ts';
import type { StoredResponse } from './entry.ts';
import { generatedAt } from './http/age.ts';
import { type Forward, type ForwardStatus, STALE_IF_ERROR } from './http/cache-status.ts';
import { formatHttpDate } from './http/date.ts';
import { type FieldLine, fieldsOf } from './http/fields.ts';
import { lifetimeOf } from './http/freshness.ts';
import type { RequestHead, ResponseHead } from './http/message.ts';
import { replayable } from './http/replayed.ts';
import { isServerFailure } from './http/reuse.ts';
import { refusal } from './http/storable.ts';
import { isEntityTag } from './http/validator.ts';
import { MAX_VARY_NAMES, nominate, nominatedNames } from './http/vary.ts';
import type { StoringRules } from './policy.ts';

/** A response's head as it is about to be sent, before anything of ours is added. */
export interface HandlerHead {
  readonly status: number;
  readonly lines: readonly FieldLine[];
  /** Lower-case names of lines that were there before the cache's place in the stack: sent, never stored. */
  readonly inherited: ReadonlySet<string>;
  /** Names of such lines that the handler took away: taken away from every reply. */
  readonly removed: readonly string[];
  /** Its Cache-Control was written for clients by a preset, not for this cache. */
  readonly directivesForClients: boolean;
  /** The route's pattern. */
  readonly route: string;
}

/** What becomes of a response, decided when its head is known and its body need not be. */
export type Plan =
  | { readonly kind: 'serve-stale'; readonly stored: StoredResponse; readonly status: ForwardStatus }
  | { readonly kind: 'pass'; readonly status: ForwardStatus }
  | StorePlan;

export interface StorePlan {
  readonly kind: 'store';
  /** Everything of the stored response but its body. */
  readonly response: StoredResponse;
  /** Lines to add to what the client gets now, which the stored response has too. */
  readonly added: readonly FieldLine[];
  readonly status: ForwardStatus;
}

/** Everything that a plan depends on besides the response. */
export interface PlanContext {
  readonly request: RequestHead;
  readonly rules: StoringRules;
  /** Seconds the app gives the response, the handler's word before the policy's. */
  readonly ttl: number | undefined;
  /** The handler, or its adapter, has already said why it is not to be stored. */
  readonly skipped: string | undefined;
  readonly fwd: Forward;
  /** Request fields that earlier responses of this URI depended on. */
  readonly varyNames: readonly string[];
  /** What the handler may be covered by should it fail. */
  readonly stale: StoredResponse | undefined;
  /** Epoch ms. */
  readonly requestedAt: number;
  readonly now: number;
}

/** Age, Cache-Control and the stored entry come from here, in one go. */
export function planFor(handler: HandlerHead, context: PlanContext): Plan {
  const { stale, now, fwd } = context;
  // RFC 5861 §4: a failing handler counts as one that cannot be reached (RFC 9111 §4.2.4).
  if (stale !== undefined && isServerFailure(handler.status) && now < stale.staleIfErrorUntil) {
    const status = { fwd: 'stale', fwdStatus: handler.status, detail: STALE_IF_ERROR } as const;
    return { kind: 'serve-stale', stored: stale, status };
  }
  const head = datedHead(handler, now);
  const status: ForwardStatus = { fwd, fwdStatus: head.status };
  const detail = refusalOf(head, context, handler.directivesForClients);
  if (detail !== undefined) return { kind: 'pass', status: { ...status, detail } };
  return { ...storePlan(handler, head, context), status };
}

/** Why a response with this head is not stored; undefined when it is. */
export function refusalOf(
  head: ResponseHead,
  { request, rules, ttl, skipped, varyNames }: PlanContext,
  directivesForClients: boolean,
): string | undefined {
  if (skipped !== undefined) return skipped;
  if (ttl === 0) return 'no-freshness';
  if (varyNames.length > MAX_VARY_NAMES) return 'vary-too-many';
  const { statuses, credentialsCovered } = rules;
  return refusal(request, head, {
    hasTtl: ttl !== undefined,
    statuses,
    credentialsCovered,
    directivesForClients,
  });
}

function storePlan(
  handler: HandlerHead,
  head: ResponseHead,
  context: PlanContext,
): Omit<StorePlan, 'status'> {
  const { rules, ttl, requestedAt, now } = context;
  const added = [...head.lines.slice(handler.lines.length), ...directivesAdded(head, rules)];
  const lines = [...handler.lines.filter(([name]) => !handler.inherited.has(name.toLowerCase())), ...added];
  const life = lifetimeOf(head, { ...rules, ttl });
  // By the handler's own Date: ours is cut to the second, and would make everything up to one second old.
  const generated = generatedAt(headOf(handler), requestedAt, now);
  // A lifetime that the app gives begins when the app answers; a stated one when the origin did.
  const freshUntil = (ttl === undefined ? generated : now) + life.fresh * 1000;
  return {
    kind: 'store',
    added,
    response: {
      kind: 'response',
      status: head.status,
      lines: [...replayable(lines, head.fields), ...handler.removed.map((name) => [name, []] as const)],
      etag: validEtag(head),
      lastModified: head.fields.get('last-modified'),
      nominated: nominatedBy(head, context),
      generatedAt: generated,
      freshUntil,
      staleWhileRevalidateUntil: freshUntil + life.staleWhileRevalidate * 1000,
      staleIfErrorUntil: freshUntil + life.staleIfError * 1000,
      route: handler.route,
      body: NO_BODY,
    },
  };
}

/**
 * A client that is told nothing guesses (RFC 9111 §4.2.2), and would keep what is invalidated here: it is
 * told to ask every time, which costs it a 304.
 */
function directivesAdded(head: ResponseHead, rules: StoringRules): FieldLine[] {
  if (head.fields.get('cache-control') !== undefined || head.fields.get('expires') !== undefined) return [];
  return [['Cache-Control', rules.credentialsCovered ? 'private, no-cache' : 'no-cache']];
}

/** RFC 9110 §6.6.1: who receives a response without a Date dates it. */
function datedHead({ status, lines }: HandlerHead, now: number): ResponseHead {
  const head = headOf({ status, lines });
  if (head.fields.get('date') !== undefined) return head;
  return headOf({ status, lines: [...lines, ['Date', formatHttpDate(now)]] });
}

/** The response's own Vary and what earlier ones of this URI varied by, less what the key covers anyway. */
function nominatedBy(
  head: ResponseHead,
  { request, rules, varyNames }: PlanContext,
): StoredResponse['nominated'] {
  const own = nominatedNames(head.fields.get('vary'));
  // Encoded bytes are for who takes that encoding, whether the handler remembered to say so or not.
  const encoded = head.fields.get('content-encoding') === undefined ? [] : ['accept-encoding'];
  const covered = new Set(rules.credentialsCovered ? [...rules.vary, 'cookie', 'authorization'] : rules.vary);
  const names = [...new Set([...varyNames, ...own, ...encoded])].filter((name) => !covered.has(name)).sort();
  return nominate(names, request.fields);
}

/** The stored response with its bytes; with an entity tag from them where the handler gave none. */
export function withBody(
  response: StoredResponse,
  body: Buffer,
  strength: 'strong' | 'weak',
): StoredResponse {
  if (response.etag !== undefined) return { ...response, body };
  const etag = entityTag(body, strength);
  return { ...response, body, etag, lines: [...response.lines, ['ETag', etag]] };
}

const NO_BODY = Buffer.alloc(0);

export const headOf = ({ status, lines }: Pick<ResponseHead, 'status' | 'lines'>): ResponseHead => ({
  status,
  lines,
  fields: fieldsOf(lines),
});

function validEtag(head: ResponseHead): string | undefined {
  const etag = head.fields.get('etag');
  return etag !== undefined && isEntityTag(etag) ? etag : undefined;
}
