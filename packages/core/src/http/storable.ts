import { cacheControlOf } from './cache-control.ts';
import { statedFreshness } from './freshness.ts';
import type { RequestHead, ResponseHead } from './message.ts';
import { MAX_VARY_NAMES, nominatedNames } from './vary.ts';

/** Why a response is not stored, as it reads in `Cache-Status: …; detail=`. */
export type Refusal =
  | 'status'
  | 'request-no-store'
  | 'no-store'
  | 'private'
  | 'no-cache'
  | 'set-cookie'
  | 'vary-any'
  | 'vary-credentials'
  | 'vary-too-many'
  | 'content-range'
  | 'event-stream'
  | 'no-freshness';

/** The part of a policy that storing depends on. */
export interface StorableRules {
  /** The app gives the lifetime, so the response need not. */
  readonly hasTtl: boolean;
  readonly statuses: ReadonlySet<number>;
  /** The cache key separates users, so what is meant for one may be stored for that one. */
  readonly credentialsCovered: boolean;
  /** Cache-Control was written for clients by a preset: its `no-cache` is not about this cache. */
  readonly directivesForClients: boolean;
}

type Rule = (request: RequestHead, response: ResponseHead, rules: StorableRules) => Refusal | undefined;

/** The only judge of storing (RFC 9111 §3, and stricter where a mistake would show one user another's data). */
export function refusal(
  request: RequestHead,
  response: ResponseHead,
  rules: StorableRules,
): Refusal | undefined {
  for (const rule of RULES) {
    const reason = rule(request, response, rules);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const understoodStatus: Rule = (_, response, rules) =>
  rules.statuses.has(response.status) ? undefined : 'status';

/** RFC 9111 §5.2.1.5. */
const requestForbids: Rule = (request) =>
  cacheControlOf(request.fields).has('no-store') ? 'request-no-store' : undefined;

/** RFC 9111 §5.2.2.5, §5.2.2.7, §5.2.2.4; with field names or without, the whole response is refused. */
const responseForbids: Rule = (_, response, rules) => {
  const directives = cacheControlOf(response.fields);
  if (directives.has('no-store')) return 'no-store';
  if (directives.has('private') && !rules.credentialsCovered) return 'private';
  if (directives.has('no-cache') && !rules.directivesForClients) return 'no-cache';
  return undefined;
};

/** Stripping the field would still share a body that was made for whoever gets the cookie. */
const setsCookie: Rule = (_, response) =>
  response.fields.get('set-cookie') === undefined ? undefined : 'set-cookie';

/** RFC 9111 §4.1. */
const selectable: Rule = (_, response, rules) => {
  const names = nominatedNames(response.fields.get('vary'));
  if (names === '*') return 'vary-any';
  if (names.length > MAX_VARY_NAMES) return 'vary-too-many';
  const byCredentials = names.some((name) => name === 'cookie' || name === 'authorization');
  return byCredentials && !rules.credentialsCovered ? 'vary-credentials' : undefined;
};

/** A part is never stored as a whole (RFC 9111 §3.3). */
const complete: Rule = (_, response) =>
  response.fields.get('content-range') === undefined ? undefined : 'content-range';

/** It has no end that those who wait for it could see. */
const ends: Rule = (_, response) =>
  response.fields.get('content-type')?.toLowerCase().startsWith('text/event-stream')
    ? 'event-stream'
    : undefined;

const hasLifetime: Rule = (_, response, rules) =>
  rules.hasTtl || (statedFreshness(response) ?? 0) > 0 ? undefined : 'no-freshness';

const RULES: readonly Rule[] = [
  understoodStatus,
  requestForbids,
  responseForbids,
  setsCookie,
  selectable,
  complete,
  ends,
  hasLifetime,
];
