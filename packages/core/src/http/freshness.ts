import { type Directives, deltaSeconds } from './cache-control.ts';
import { parseHttpDate } from './date.ts';
import type { ResponseHead } from './message.ts';
import { isHeuristicallyCacheable, isSuccessful } from './status.ts';
import { type Control, controlOf, ownControl } from './targeted.ts';

/** Seconds a response is fresh, and may be used after that, counted from its generation. */
export interface Lifetime {
  readonly fresh: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  /** No rule, and no client, may have it used stale without validation (RFC 9111 §4.2.4). */
  readonly strict: boolean;
}

/** What the app decided for a route; an absent `ttl` leaves it to the response. */
export interface LifetimeChoice {
  readonly ttl: number | undefined;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  /** Cache-Control was written for clients by a preset: what it says of stale use is not about this cache. */
  readonly directivesForClients: boolean;
}

/** Freshness lifetime and stale windows of a response (RFC 9111 §4.2.1, RFC 5861). */
export function lifetimeOf(head: ResponseHead, choice: LifetimeChoice): Lifetime {
  const control = controlOf(head.fields);
  const { directives } = control;
  const byResponse = choice.ttl === undefined;
  const fresh = byResponse ? responseFreshness(head, control) : choice.ttl;
  if (isStrict(control, choice)) return { fresh, staleWhileRevalidate: 0, staleIfError: 0, strict: true };
  const stated = (name: string) => (byResponse ? (deltaSeconds(directives, name) ?? 0) : 0);
  return {
    fresh,
    staleWhileRevalidate: choice.staleWhileRevalidate || stated('stale-while-revalidate'),
    staleIfError: choice.staleIfError || stated('stale-if-error'),
    strict: false,
  };
}

/** Seconds of `max-age` said to this cache by name: the handler's own word, before the route's `ttl`. */
export function ownLifetime(head: ResponseHead): number | undefined {
  const directives = ownControl(head.fields);
  return directives && sharedSeconds(directives);
}

/** What the response says of its own freshness (RFC 9111 §4.2.1); undefined when it says nothing. */
export function statedFreshness(head: ResponseHead): number | undefined {
  const control = controlOf(head.fields);
  const stated = sharedSeconds(control.directives);
  if (stated !== undefined || control.targeted) return stated;
  const expires = head.fields.get('expires');
  if (expires === undefined) return undefined;
  const from = parseHttpDate(head.fields.get('date'));
  const until = parseHttpDate(expires, from);
  // RFC 9111 §5.3: a date that cannot be read, "0" above all, is in the past.
  return until === undefined || from === undefined ? 0 : Math.max(0, (until - from) / 1000);
}

const sharedSeconds = (directives: Directives): number | undefined =>
  deltaSeconds(directives, 's-maxage') ?? deltaSeconds(directives, 'max-age');

const HEURISTIC_FRACTION = 0.1;
const HEURISTIC_LIMIT_SECONDS = 86_400;

/** A tenth of the time that it had not changed for when it was sent, at most a day (RFC 9111 §4.2.2). */
export function heuristicFreshness(head: ResponseHead): number | undefined {
  const modified = parseHttpDate(head.fields.get('last-modified'));
  const date = parseHttpDate(head.fields.get('date'));
  if (modified === undefined || date === undefined || modified >= date) return undefined;
  return Math.min(((date - modified) / 1000) * HEURISTIC_FRACTION, HEURISTIC_LIMIT_SECONDS);
}

/** With `no-cache` it is validated before every use, which is what no freshness means (§5.2.2.4). */
function responseFreshness(head: ResponseHead, { directives }: Control): number {
  if (directives.get('no-cache') === '') return 0;
  const guessable = isHeuristicallyCacheable(head.status) || directives.has('public');
  const guess = guessable && isSuccessful(head.status) ? heuristicFreshness(head) : undefined;
  return statedFreshness(head) ?? guess ?? 0;
}

/** RFC 9111 §5.2.2.2, §5.2.2.8; s-maxage counts as one of them (§5.2.2.10), and no-cache forbids more than they do. */
function isStrict({ directives, targeted }: Control, { ttl, directivesForClients }: LifetimeChoice): boolean {
  if (ttl !== undefined && directivesForClients && !targeted) return false;
  if (directives.has('must-revalidate') || directives.has('proxy-revalidate')) return true;
  return ttl === undefined && (directives.has('s-maxage') || directives.get('no-cache') === '');
}
