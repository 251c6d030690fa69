import type { FieldLine, Fields } from './fields.ts';
import { validatorsOf, weaklyEqual } from './validator.ts';

/** What was said of the bytes when they were stored still holds, whatever a head without them says (RFC 9111 §3.2). */
const OF_THE_CONTENT = new Set(['content-encoding', 'content-length', 'content-range', 'content-type']);

/** The stored head with the fields of a newer one in place of its own, name by name (RFC 9111 §3.2). */
export function freshenedLines(stored: readonly FieldLine[], newer: readonly FieldLine[]): FieldLine[] {
  const updates = newer.filter(([name]) => !OF_THE_CONTENT.has(name.toLowerCase()));
  const updated = new Set(updates.map(([name]) => name.toLowerCase()));
  return [...stored.filter(([name]) => !updated.has(name.toLowerCase())), ...updates];
}

/**
 * Whether a 304 is about the stored response (RFC 9111 §4.3.4): it has the same entity tag, or without one
 * the same Last-Modified, or neither, for the stored response is the only one that was asked about.
 */
export function isAbout(stored: Fields, notModified: Fields): boolean {
  const [old, now] = [validatorsOf(stored), validatorsOf(notModified)];
  if (now.etag !== undefined) return old.etag !== undefined && identifies(now.etag, old.etag);
  return now.lastModified === undefined || now.lastModified === old.lastModified;
}

/** A strong entity tag is about a response that has the same, a weak one about any that corresponds to it. */
const identifies = (newer: string, old: string): boolean =>
  newer.startsWith('W/') ? weaklyEqual(newer, old) : newer === old;

/**
 * What a HEAD's answer says of the stored response (RFC 9111 §4.3.5): the same where a validator of the
 * handler's is as it was, changed where one or the length is not, and nothing where there is nothing to compare.
 */
export function comparedByHead(
  head: Fields,
  stored: { readonly fields: Fields; readonly ownEtag: boolean; readonly length: number },
): 'same' | 'changed' | 'unknown' {
  const [old, now] = [validatorsOf(stored.fields), validatorsOf(head)];
  const compared = [
    [stored.ownEtag ? undefined : old.etag, now.etag],
    [old.lastModified, now.lastModified],
  ].filter(([before, after]) => before !== undefined && after !== undefined) as [string, string][];
  if (compared.some(([before, after]) => !weaklyEqual(before, after))) return 'changed';
  const stated = head.get('content-length');
  const alike = head.get('content-encoding') === stored.fields.get('content-encoding');
  if (alike && stated !== undefined && Number(stated) !== stored.length) return 'changed';
  return compared.length > 0 ? 'same' : 'unknown';
}
