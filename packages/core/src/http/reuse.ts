/** When a stored response may be used, epoch ms: fixed when it is stored. */
export interface Freshness {
  readonly freshUntil: number;
  readonly staleWhileRevalidateUntil: number;
  readonly staleIfErrorUntil: number;
}

/** `ttl` is seconds of freshness left, negative once stale (RFC 9211 §2.4). */
export type Reuse =
  | { readonly kind: 'fresh'; readonly ttl: number }
  | { readonly kind: 'stale'; readonly ttl: number }
  | { readonly kind: 'forward'; readonly staleIfError: boolean };

/** RFC 9111 §4.2 and RFC 5861 in one decision. */
export function evaluate(stored: Freshness, now: number): Reuse {
  const ttl = ttlOf(stored, now);
  if (now < stored.freshUntil) return { kind: 'fresh', ttl };
  if (now < stored.staleWhileRevalidateUntil) return { kind: 'stale', ttl };
  return { kind: 'forward', staleIfError: now < stored.staleIfErrorUntil };
}

export const ttlOf = (stored: Freshness, now: number): number => Math.floor((stored.freshUntil - now) / 1000);

/** RFC 5861 §4 names these; a handler that answers one counts as disconnected. */
export const isServerFailure = (status: number): boolean =>
  status === 500 || status === 502 || status === 503 || status === 504;
