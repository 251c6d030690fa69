import { listOf } from './fields.ts';
import { parseWeighted } from './quality.ts';

/** Content codings (RFC 9110 §8.4) and who accepts them (§12.5.3). */

/** Codings that servers choose between; any other makes no variant of its own. */
const TOLD_APART = ['zstd', 'br', 'gzip', 'deflate', 'compress'];

/** §8.4.1.1, §8.4.1.3. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['x-gzip', 'gzip'],
  ['x-compress', 'compress'],
]);

const codingOf = (name: string): string => ALIASES.get(name) ?? name;

/**
 * What an Accept-Encoding value accepts, as a value that accepts the same; null when it is absent, for then
 * anything is acceptable. Weights above 0 are folded, because any acceptable coding may be served. A class says
 * nothing of codings that it does not tell apart: whether one is acceptable is for `acceptsCoding`.
 */
export function encodingClass(acceptEncoding: string | undefined): string | null {
  if (acceptEncoding === undefined) return null;
  const accepts = acceptedBy(acceptEncoding);
  const members = TOLD_APART.filter(accepts);
  if (!accepts('identity')) members.push('identity;q=0');
  return members.join(',');
}

/** Whether requests of one class accept this Content-Encoding all or none. */
export const isToldApart = (contentEncoding: string | undefined): boolean =>
  listOf(contentEncoding).every((coding) => coding === 'identity' || TOLD_APART.includes(codingOf(coding)));

/** Whether a response with this Content-Encoding, which may list several, is acceptable (§12.5.3). */
export function acceptsCoding(
  contentEncoding: string | undefined,
  acceptEncoding: string | undefined,
): boolean {
  if (acceptEncoding === undefined) return true;
  const accepts = acceptedBy(acceptEncoding);
  // Content-Encoding ought not to say identity (§8.4.1); where it does, that is no coding.
  const applied = listOf(contentEncoding).filter((coding) => coding !== 'identity');
  return applied.length === 0 ? accepts('identity') : applied.every((coding) => accepts(codingOf(coding)));
}

function acceptedBy(acceptEncoding: string): (coding: string) => boolean {
  const stated = new Map<string, boolean>();
  for (const { name, weight } of parseWeighted(acceptEncoding) ?? []) {
    const coding = codingOf(name);
    // Of contradictions the refusal counts: a client can do without a coding, not with one it cannot read.
    stated.set(coding, weight > 0 && stated.get(coding) !== false);
  }
  return (coding) => stated.get(coding) ?? stated.get('*') ?? coding === 'identity';
}
