import type { StoredResponse } from './entry.ts';
import type { Fill } from './fill.ts';
import type { CacheStatus, Forward } from './http/cache-status.ts';
import type { Demands } from './http/demands.ts';
import { type Reuse, ttlOf } from './http/reuse.ts';
import type { Found, Wanted } from './lookup.ts';
import type { StoringRules } from './policy.ts';

/** What a request gets: a stored response to send, or the handler's turn with a fill to store its response. */
export type Answer =
  | { readonly kind: 'stored'; readonly stored: StoredResponse; readonly status: CacheStatus }
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

/** A request, what was found for it, and why that is not its answer. */
export interface Asking {
  readonly wanted: Wanted;
  readonly rules: StoringRules;
  readonly found: Found;
  readonly fwd: Forward;
}

export const hit = (stored: StoredResponse, ttl: number): Answer => ({
  kind: 'stored',
  stored,
  status: { hit: true, ttl },
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
export function runsAlone({ wanted, found, fwd }: Asking, { noStore }: Demands): boolean {
  const payload = found.entry?.payload;
  const neverUsed = payload !== undefined && payload.staleWhileRevalidateUntil <= payload.generatedAt;
  return wanted.head.method === 'HEAD' || noStore || fwd === 'request' || neverUsed;
}

export const forwardOf = ({ entry, fwd }: Found, reuse: Reused): Forward =>
  entry === undefined ? fwd : reuse.kind === 'forward' ? reuse.fwd : 'stale';

export const collapsed = (stored: StoredResponse, fwd: Forward, now: number): Answer => ({
  kind: 'stored',
  stored,
  status: { fwd, collapsed: true, ttl: ttlOf(stored, now) },
});
