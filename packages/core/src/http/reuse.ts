import type { Forward } from './cache-status.ts';
import { type Demands, NO_DEMANDS } from './demands.ts';

/** When a stored response may be used, epoch ms: fixed when it is stored. */
export interface Freshness {
  /** From which its age is counted. */
  readonly generatedAt: number;
  readonly freshUntil: number;
  readonly staleWhileRevalidateUntil: number;
  readonly staleIfErrorUntil: number;
  /** Not to be used stale on anybody's word (RFC 9111 §4.2.4). */
  readonly strict: boolean;
}

/**
 * `ttl` is seconds of freshness left, negative once stale (RFC 9211 §2.4). A stale response is for whoever
 * finds it revalidated already, `byRequest` for whoever asked for it stale.
 */
export type Reuse =
  | { readonly kind: 'fresh'; readonly ttl: number }
  | { readonly kind: 'stale'; readonly ttl: number; readonly byRequest: boolean }
  | { readonly kind: 'forward'; readonly fwd: Extract<Forward, 'stale' | 'request'> };

/** RFC 9111 §4.2, §5.2.1 and RFC 5861 in one decision. */
export function evaluate(stored: Freshness, now: number, demands: Demands = NO_DEMANDS): Reuse {
  const ttl = ttlOf(stored, now);
  const fresh = now < stored.freshUntil;
  if (!isWelcome(stored, now, demands)) return { kind: 'forward', fwd: fresh ? 'request' : 'stale' };
  if (fresh) return { kind: 'fresh', ttl };
  if (isWelcomeStale(stored, now, demands)) return { kind: 'stale', ttl, byRequest: true };
  // Who names an age without allowing staleness wants none (§5.2.1.1).
  const covered = !stored.strict && now < stored.staleWhileRevalidateUntil && demands.maxAge === undefined;
  return covered ? { kind: 'stale', ttl, byRequest: false } : { kind: 'forward', fwd: 'stale' };
}

/** §5.2.1.1, §5.2.1.3, §5.2.1.4. */
function isWelcome(stored: Freshness, now: number, { validated, maxAge, minFresh }: Demands): boolean {
  if (validated) return false;
  if (maxAge !== undefined && now - stored.generatedAt > maxAge * 1000) return false;
  return minFresh === 0 || stored.freshUntil - now >= minFresh * 1000;
}

/** §5.2.1.2, within what §4.2.4 allows. */
const isWelcomeStale = (stored: Freshness, now: number, { maxStale }: Demands): boolean =>
  maxStale > 0 && !stored.strict && now - stored.freshUntil <= maxStale * 1000;

export const ttlOf = (stored: Pick<Freshness, 'freshUntil'>, now: number): number =>
  Math.floor((stored.freshUntil - now) / 1000);

/** RFC 5861 §4 names these; a handler that answers one counts as disconnected. */
export const isServerFailure = (status: number): boolean =>
  status === 500 || status === 502 || status === 503 || status === 504;
