import { cacheControlOf } from './cache-control.ts';
import { acceptsCoding, isToldApart } from './content-coding.ts';
import { lifetimeOf, statedFreshness } from './freshness.ts';
import { type RequestHead, type ResponseHead, targetUri } from './message.ts';
import { isFinal, isUnderstood } from './status.ts';
import { controlOf } from './targeted.ts';
import { sameOrigin } from './unsafe.ts';
import { hasValidator } from './validator.ts';
import { MAX_VARY_NAMES, nominatedNames } from './vary.ts';

/** Why a response is not stored, as it reads in `Cache-Status: …; detail=`. */
export type Refusal =
  | 'method'
  | 'status'
  | 'must-understand'
  | 'request-no-store'
  | 'no-store'
  | 'private'
  | 'no-cache'
  | 'authorization'
  | 'set-cookie'
  | 'vary-any'
  | 'vary-credentials'
  | 'vary-too-many'
  | 'content-encoding'
  | 'content-range'
  | 'event-stream'
  | 'no-freshness';

/** The part of a policy that storing depends on. */
export interface StorableRules {
  /** The app gives the lifetime, so the response need not. */
  readonly hasTtl: boolean;
  /** Stored where the app gives the lifetime; where the response does, it makes any status storable. */
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

/** A POST's answer is stored for later GETs where it says that it is what they would get, and how long (RFC 9110 §9.3.3). */
const answersGet: Rule = (request, response) => {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  if (request.method !== 'POST') return 'method';
  const about = sameOrigin(request, response.fields.get('content-location'));
  const same = about !== undefined && about === sameOrigin(request, targetUri(request));
  return same && response.status === 200 && statedFreshness(response) !== undefined ? undefined : 'method';
};

/** 206 and 304 say something of another response (RFC 9111 §3.3, §4.3.4); interim ones are not the answer. */
const knownStatus: Rule = (_, { status }, { hasTtl, statuses }) => {
  const storable = hasTtl ? statuses.has(status) : isFinal(status) && status !== 206 && status !== 304;
  return storable ? undefined : 'status';
};

/** RFC 9111 §5.2.2.3. */
const understood: Rule = (_, { status, fields }) =>
  controlOf(fields).directives.has('must-understand') && !isUnderstood(status)
    ? 'must-understand'
    : undefined;

/** RFC 9111 §5.2.1.5. */
const requestForbids: Rule = (request) =>
  cacheControlOf(request.fields).has('no-store') ? 'request-no-store' : undefined;

/**
 * RFC 9111 §5.2.2.5, §5.2.2.7, §5.2.2.4. Beside `must-understand`, `no-store` is for caches that do not (§5.2.2.3).
 * `private` with field names is refused like `private`, for the names may not be all; `no-cache` with field
 * names takes those fields off what is stored.
 */
const responseForbids: Rule = (_, { fields }, rules) => {
  const { directives, targeted } = controlOf(fields);
  if (directives.has('no-store') && !directives.has('must-understand')) return 'no-store';
  if (directives.has('private') && !rules.credentialsCovered) return 'private';
  const notForUs = rules.directivesForClients && !targeted;
  return rules.hasTtl && directives.get('no-cache') === '' && !notForUs ? 'no-cache' : undefined;
};

/** RFC 9111 §3.5: one of three directives says that credentials did not shape it, or that all may see it. */
const withoutCredentials: Rule = (request, { fields }, rules) => {
  if (request.fields.get('authorization') === undefined || rules.credentialsCovered) return undefined;
  return !rules.hasTtl && isForEverybody(fields) ? undefined : 'authorization';
};

/** Whether a response to a request with Authorization may be reused, or reused for one (RFC 9111 §3.5). */
export function isForEverybody(fields: ResponseHead['fields']): boolean {
  const { directives } = controlOf(fields);
  return ['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name));
}

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

/** Variants are chosen by the codings that requests accept, so that it must be one that its own request does. */
const readable: Rule = (request, { fields }) => {
  const coding = fields.get('content-encoding');
  const accepted = acceptsCoding(coding, request.fields.get('accept-encoding'));
  return accepted && isToldApart(coding) ? undefined : 'content-encoding';
};

/** A part is never stored as a whole (RFC 9111 §3.3). */
const complete: Rule = (_, response) =>
  response.fields.get('content-range') === undefined ? undefined : 'content-range';

/** It has no end that those who wait for it could see. */
const ends: Rule = (_, response) =>
  response.fields.get('content-type')?.toLowerCase().startsWith('text/event-stream')
    ? 'event-stream'
    : undefined;

/**
 * RFC 9111 §3. A response that is never fresh is worth keeping where it says so itself and has a validator:
 * each use then costs a validation instead of a body.
 */
const usable: Rule = (_, response, { hasTtl, directivesForClients }) => {
  if (hasTtl) return undefined;
  const choice = { ttl: undefined, staleWhileRevalidate: 0, staleIfError: 0, directivesForClients };
  const { fresh, staleWhileRevalidate } = lifetimeOf(response, choice);
  if (fresh > 0 || staleWhileRevalidate > 0) return undefined;
  const always = controlOf(response.fields).directives.has('no-cache');
  const explicit = always || statedFreshness(response) !== undefined;
  if (explicit && hasValidator(response.fields)) return undefined;
  return always ? 'no-cache' : 'no-freshness';
};

const RULES: readonly Rule[] = [
  answersGet,
  knownStatus,
  understood,
  requestForbids,
  responseForbids,
  withoutCredentials,
  setsCookie,
  selectable,
  readable,
  complete,
  ends,
  usable,
];
