import type { StoredResponse } from './entry.ts';
import type { Forward } from './http/cache-status.ts';
import { formatHttpDate, parseHttpDate } from './http/date.ts';
import type { FieldLine } from './http/fields.ts';
import { ownLifetime } from './http/freshness.ts';
import type { RequestHead, ResponseHead } from './http/message.ts';
import { refusal } from './http/storable.ts';
import { groupsOf } from './http/unsafe.ts';
import { MAX_VARY_NAMES, nominatedNames } from './http/vary.ts';
import type { StoringRules } from './policy.ts';
import { NEGATIVE_STATUSES } from './policy-checks.ts';
import { type Reading, type Reads, uncoveredFields, unkeyed } from './reads.ts';
import { headOf, storedResponse } from './stored.ts';
import { MAX_TAGS } from './tags.ts';

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
  /** Seconds from Date to Expires, where a preset asks for one. */
  readonly expiresIn: number | undefined;
  /** What the handler has read of its request so far. */
  readonly reads: Reads;
  /** The route's pattern. */
  readonly route: string;
}

/** Everything that a plan depends on besides the response. */
export interface PlanContext {
  readonly request: RequestHead;
  readonly rules: StoringRules;
  /** Seconds the handler gives the response, by name. */
  readonly ttl: number | undefined;
  /** The handler, or its adapter, has already said why it is not to be stored. */
  readonly skipped: string | undefined;
  readonly fwd: Forward;
  /** Request fields that earlier responses of this URI depended on. */
  readonly varyNames: readonly string[];
  /** What the handler was asked to validate, and may be covered by should it fail. */
  readonly stale: StoredResponse | undefined;
  /** Request fields that it is known to depend on, by what was read when it was made. */
  readonly learned?: readonly string[];
  /** From 0 to less than 1: how much of its jitter it gets. */
  readonly chance: number;
  /** Epoch ms. */
  readonly requestedAt: number;
  readonly now: number;
}

/** Why a response with this head is not stored; undefined when it is. */
export function refusalOf(
  head: ResponseHead,
  { directivesForClients, reads }: Pick<HandlerHead, 'directivesForClients' | 'reads'>,
  context: PlanContext,
): string | undefined {
  const { request, rules, skipped, varyNames } = context;
  if (skipped !== undefined) return skipped;
  const ttl = lifetimeGiven(head, context);
  if (ttl === 0) return 'no-freshness';
  const { statuses, credentialsCovered } = rules;
  const refused = refusal(request, head, {
    hasTtl: ttl !== undefined,
    statuses,
    credentialsCovered,
    directivesForClients,
  });
  if (refused !== undefined) return refused;
  if (groupsOf(head.fields.get('cache-groups')).length > MAX_TAGS) return 'too-many-groups';
  const varying = varyingBy(head, reads, context);
  return new Set([...varying, ...varyNames]).size > MAX_VARY_NAMES
    ? 'vary-too-many'
    : unkeyedIn(reads, varying, context);
}

/** Seconds the app gives the response: the handler's word before the route's, `res.cache.ttl` before a field. */
function lifetimeGiven(head: ResponseHead, { ttl, rules }: PlanContext): number | undefined {
  const byRoute = isNegative(head, rules) ? rules.negativeTtl : rules.ttl;
  return ttl ?? (byRoute === undefined ? undefined : (ownLifetime(head) ?? byRoute));
}

/** It says that there is nothing, and the route says for how long that is kept. */
export const isNegative = (
  { status }: Pick<ResponseHead, 'status'>,
  { negativeTtl }: Pick<StoringRules, 'negativeTtl'>,
): boolean => negativeTtl !== undefined && NEGATIVE_STATUSES.includes(status);

/** Names in its Vary, and where the policy says so the fields that its handler has read. */
function varyingBy(head: ResponseHead, reads: Reads, context: PlanContext): readonly string[] {
  const names = nominatedNames(head.fields.get('vary'));
  const own = names === '*' ? [] : names;
  if (context.rules.reads !== 'vary') return own;
  const read = uncoveredFields(readingOf(reads, context), own).filter(mayVary);
  return [...new Set([...own, ...read, ...(context.learned ?? [])])];
}

/** A variant per credential is a partition, which is for the policy to say. */
const mayVary = (name: string): boolean => name !== 'cookie' && name !== 'authorization';

/** What of the reads neither the key nor the varying fields cover. */
export const unkeyedIn = (
  reads: Reads,
  varying: readonly string[],
  context: PlanContext,
): string | undefined => unkeyed(readingOf(reads, context), varying);

const readingOf = (reads: Reads, { rules, request }: PlanContext): Reading => ({
  reads,
  rules,
  authorized: request.fields.get('authorization') !== undefined,
  hostKeyed: request.fields.get('host')?.toLowerCase() === request.authority,
  withContent: request.hasBody,
});

/** Those that are not there for every request. */
export const ownLines = ({ lines, inherited }: HandlerHead): FieldLine[] =>
  lines.filter(([name]) => !inherited.has(name.toLowerCase()));

/** A head with its Date, and what had to be added for it. */
export interface Dated {
  readonly head: ResponseHead;
  readonly added: readonly FieldLine[];
}

/** RFC 9110 §6.6.1: who receives a response without a Date dates it. */
export function dated({ status, lines }: Pick<HandlerHead, 'status' | 'lines'>, now: number): Dated {
  const head = headOf({ status, lines });
  if (head.fields.get('date') !== undefined) return { head, added: [] };
  const added: FieldLine[] = [['Date', formatHttpDate(now)]];
  return { head: headOf({ status, lines: [...lines, ...added] }), added };
}

/** What is stored of a response, given its head and those of its lines that are not there for every request. */
export function stored(
  handler: HandlerHead,
  { head, added }: Dated,
  own: readonly FieldLine[],
  context: PlanContext,
): { response: StoredResponse; added: readonly FieldLine[] } {
  const { request, rules, requestedAt, now, chance } = context;
  const { removed, directivesForClients, route, reads } = handler;
  const varying = varyingBy(head, reads, context);
  const all = [...added, ...linesAdded(head, varying, rules), ...expiry(head, handler)];
  const response = storedResponse({
    request,
    // What has come to be there is not to be missed for longer than was said.
    rules: isNegative(head, rules) ? { ...rules, staleWhileRevalidate: 0, staleIfError: 0 } : rules,
    chance,
    head,
    lines: [...own, ...all],
    handlerHead: headOf(handler),
    removed,
    directivesForClients,
    ownControl: !isTold(head),
    ttl: lifetimeGiven(head, context),
    varyNames: [...context.varyNames, ...varying],
    forAnonymous: reads.fields.has('authorization'),
    route,
    requestedAt,
    now,
  });
  return { response, added: all };
}

/**
 * A client that is told nothing guesses (RFC 9111 §4.2.2), and would keep what is invalidated here: it is
 * told to ask every time, which costs it a 304. And caches on the way are told what the response varies by.
 */
function linesAdded(head: ResponseHead, varying: readonly string[], rules: StoringRules): FieldLine[] {
  const own = nominatedNames(head.fields.get('vary'));
  const unnamed = [...rules.vary, ...varying].filter((name) => !own.includes(name));
  const asked = rules.credentialsCovered ? 'private, no-cache' : 'no-cache';
  return [
    ...(isTold(head) ? [] : [['Cache-Control', asked] as const]),
    ...(unnamed.length === 0 ? [] : [['Vary', unnamed.join(', ')] as const]),
  ];
}

const isTold = ({ fields }: ResponseHead): boolean =>
  fields.get('cache-control') !== undefined || fields.get('expires') !== undefined;

/** Counted from the Date beside it, so that both say what max-age says (RFC 9111 §4.2.1). */
function expiry(head: ResponseHead, { expiresIn }: Pick<HandlerHead, 'expiresIn'>): FieldLine[] {
  const date = parseHttpDate(head.fields.get('date'));
  if (expiresIn === undefined || date === undefined) return [];
  return [['Expires', formatHttpDate(date + expiresIn * 1000)]];
}
