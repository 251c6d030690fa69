import type { StoredResponse } from './entry.ts';
import type { Fill } from './fill.ts';
import { type CacheStatus, type Forward, STALE_IF_ERROR, STALE_IF_SLOW } from './http/cache-status.ts';
import type { Demands } from './http/demands.ts';
import { type Reuse, ttlOf } from './http/reuse.ts';
import type { Found, Wanted } from './lookup.ts';
import type { StoringRules } from './policy.ts';

/** Why a response is made anew: it is stale; it will be soon; its handler may take longer than a client should wait. */
export type RefreshReason = 'stale' | 'early' | 'slow';

/** The right to make a stored response anew, and the duty to use it or let it go. */
export interface Refresh {
  readonly reason: RefreshReason;
  /** Request fields that it depends on, besides those that the policy's own functions read. */
  readonly shown: readonly string[];
  /**
   * The fill, for a handler that runs with no client and answers `wanted`, which is the same as what was asked for
   * with nothing of the client in it. Undefined when there is nothing to do: another process has done it, or the
   * cache is closing.
   */
  begin(wanted: Wanted): Promise<Fill | undefined>;
  /** This request's own turn, where the handler cannot be run without a client. */
  inForeground(): Promise<Answer>;
  /** Neither. */
  drop(): void;
}

/** What a request gets: a stored response to send, or the handler's turn with a fill to store its response. */
export type Answer =
  | {
      readonly kind: 'stored';
      readonly stored: StoredResponse;
      readonly status: CacheStatus;
      /** To be made anew behind the reply, by this request. */
      readonly refresh?: Refresh | undefined;
    }
  /** To be made anew while this request waits for it, but not for long: once that has begun, ask again. */
  | { readonly kind: 'refresh'; readonly refresh: Refresh }
  | {
      readonly kind: 'forward';
      readonly fwd: Forward;
      readonly fill: Fill | undefined;
      readonly detail?: string | undefined;
    }
  /** The request would have nothing but a stored response, and there is none: 504 (RFC 9111 §5.2.1.7). */
  | { readonly kind: 'unanswered'; readonly status: CacheStatus };

/** `evaluate`'s word, or why there was nothing to evaluate. */
export type Reused = Reuse | { readonly kind: 'forward'; readonly fwd: Found['fwd'] };

export const hit = (stored: StoredResponse, ttl: number, refresh?: Refresh): Answer => ({
  kind: 'stored',
  stored,
  status: { hit: true, ttl },
  refresh,
});

export const UNANSWERED: Answer = { kind: 'unanswered', status: { detail: 'only-if-cached' } };

/** It carries credentials that no partition covers: what is for everybody will do, and nothing else (RFC 9111 §3.5). */
export const isWithCredentials = ({ head }: Wanted, { credentialsCovered }: StoringRules): boolean =>
  !credentialsCovered && head.fields.get('authorization') !== undefined;

/** A part is the handler's to send, as long as there is no whole (RFC 9110 §14.2). */
export const isForPart = ({ head }: Wanted): boolean =>
  head.method === 'GET' && head.fields.get('range') !== undefined;

/**
 * Whether nobody should wait for what it gets, nor it for anybody: what is for itself (RFC 9111 §5.2.1.5), what
 * must be validated after it asked, and what nobody is given unvalidated.
 */
export function runsAlone({ head }: Wanted, { entry }: Found, fwd: Forward, { noStore }: Demands): boolean {
  const payload = entry?.payload;
  const neverUsed = payload !== undefined && payload.staleWhileRevalidateUntil <= payload.generatedAt;
  return head.method === 'HEAD' || noStore || fwd === 'request' || neverUsed;
}

/** Whether what is made for it may be for nobody else, so that nobody should wait for that. */
export const isForItself = (wanted: Wanted, rules: StoringRules): boolean =>
  wanted.alone === true || isWithCredentials(wanted, rules);

/** Why what was found is made anew, whatever may still be done with it. */
export const forwardOf = ({ entry, fwd }: Found, reuse?: Reused): Forward =>
  entry === undefined ? fwd : reuse?.kind === 'forward' ? reuse.fwd : 'stale';

export const collapsed = (stored: StoredResponse, fwd: Forward, now: number): Answer => ({
  kind: 'stored',
  stored,
  status: { fwd, collapsed: true, ttl: ttlOf(stored, now) },
});

/** Stale in place of a fill that failed, or takes too long. */
export const covered = (stored: StoredResponse, why: 'failed' | 'late', now: number): Answer => ({
  kind: 'stored',
  stored,
  status: {
    fwd: 'stale',
    collapsed: true,
    ttl: ttlOf(stored, now),
    detail: why === 'failed' ? STALE_IF_ERROR : STALE_IF_SLOW,
  },
});
