import { randomBytes } from 'node:crypto';

/**
 * Epochs of tags, as texts: `hard` or `hard.at.soft`. The hard half is made anew by every invalidation. The soft half
 * by every soft one, with the time (epoch ms, base 36) from which on what has another is stale.
 */

/** What stands in place of the namespace's epoch while its cache is turned off: no entry is ever born with it. */
export const OFF = 'off';

export const newEpoch = (): string => randomBytes(16).toString('base64url');

/** What is written behind the hard half. */
export const softHalf = (at: number): string =>
  `.${Math.floor(at).toString(36)}.${randomBytes(9).toString('base64url')}`;

/** How an entry stands whose tags had these epochs. */
export type Standing =
  | { readonly kind: 'valid' }
  | { readonly kind: 'stale'; readonly since: number }
  | { readonly kind: 'invalid' };

const VALID: Standing = { kind: 'valid' };
const INVALID: Standing = { kind: 'invalid' };

/** Absent is not equal to anything: a tag without an epoch has been invalidated, or might have been. */
export function standing(born: readonly string[], now: readonly (string | null)[]): Standing {
  let since = Number.POSITIVE_INFINITY;
  for (const [i, epoch] of born.entries()) {
    const current = now[i] ?? null;
    if (current === epoch) continue;
    if (current === null || hardOf(current) !== hardOf(epoch)) return INVALID;
    const [, at = ''] = current.split('.');
    since = Math.min(since, Number.parseInt(at, 36));
  }
  if (since === Number.POSITIVE_INFINITY) return VALID;
  return Number.isNaN(since) ? INVALID : { kind: 'stale', since };
}

const hardOf = (epoch: string): string => epoch.split('.', 1)[0]!;
