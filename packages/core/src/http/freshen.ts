import { type FieldLine, type Fields, fieldsOf } from './fields.ts';
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
 * Whether a HEAD's answer describes the stored response still (RFC 9111 §4.3.5): every validator that it
 * has, and its length, are as they were.
 */
export function describes(head: Fields, stored: readonly FieldLine[], length: number): boolean {
  const fields = fieldsOf(stored);
  const [old, now] = [validatorsOf(fields), validatorsOf(head)];
  const sameTag = now.etag === undefined || (old.etag !== undefined && weaklyEqual(old.etag, now.etag));
  const sameDate = now.lastModified === undefined || now.lastModified === old.lastModified;
  const stated = head.get('content-length');
  return sameTag && sameDate && (stated === undefined || Number(stated) === length);
}
