import { cacheControlOf, deltaSeconds } from './cache-control.ts';
import { parseHttpDate } from './date.ts';
import type { ResponseHead } from './message.ts';

/** Seconds a response is fresh, and may be used after that, counted from its generation. */
export interface Lifetime {
  readonly fresh: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** What the app decided for a route; an absent `ttl` leaves it to the response. */
export interface LifetimeChoice {
  readonly ttl: number | undefined;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** Freshness lifetime and stale windows of a response (RFC 9111 §4.2.1, RFC 5861). */
export function lifetimeOf(head: ResponseHead, choice: LifetimeChoice): Lifetime {
  const directives = cacheControlOf(head.fields);
  const fresh = choice.ttl ?? statedFreshness(head) ?? 0;
  // RFC 9111 §5.2.2.2, §5.2.2.8, §5.2.2.10: with one of these a shared cache may not serve stale at all.
  const strict = ['must-revalidate', 'proxy-revalidate'].some((name) => directives.has(name));
  if (strict || (choice.ttl === undefined && directives.has('s-maxage'))) {
    return { fresh, staleWhileRevalidate: 0, staleIfError: 0 };
  }
  return {
    fresh,
    staleWhileRevalidate:
      choice.staleWhileRevalidate || statedWindow(choice, directives, 'stale-while-revalidate'),
    staleIfError: choice.staleIfError || statedWindow(choice, directives, 'stale-if-error'),
  };
}

/** What the response says of its own freshness; undefined when it says nothing. */
export function statedFreshness(head: ResponseHead): number | undefined {
  const directives = cacheControlOf(head.fields);
  const stated = deltaSeconds(directives, 's-maxage') ?? deltaSeconds(directives, 'max-age');
  if (stated !== undefined) return stated;
  const expires = head.fields.get('expires');
  if (expires === undefined) return undefined;
  const until = parseHttpDate(expires);
  const from = parseHttpDate(head.fields.get('date'));
  // RFC 9111 §5.3: a date that cannot be read, "0" above all, is in the past.
  return until === undefined || from === undefined ? 0 : Math.max(0, (until - from) / 1000);
}

const statedWindow = (
  choice: LifetimeChoice,
  directives: ReturnType<typeof cacheControlOf>,
  name: string,
): number => (choice.ttl === undefined ? (deltaSeconds(directives, name) ?? 0) : 0);
