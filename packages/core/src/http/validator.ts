import { parseHttpDate } from './date.ts';
import type { Fields } from './fields.ts';

/** Entity tags (RFC 9110 §8.8.3). */

const ETAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const WHOLE_ETAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

export const isEntityTag = (text: string): boolean => WHOLE_ETAG.test(text);

/** `*`, or the entity tags of an If-None-Match value. */
export function entityTags(value: string): '*' | string[] {
  return value.trim() === '*' ? '*' : (value.match(ETAG) ?? []);
}

const opaque = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);

/** Weak comparison (§8.8.3.2): what If-None-Match asks for. */
export const weaklyEqual = (a: string, b: string): boolean => opaque(a) === opaque(b);

/** What tells two states of a representation apart (§8.8). */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** Those of a response that can be compared; what cannot be read is none. */
export function validatorsOf(fields: Fields): Validators {
  const etag = fields.get('etag');
  const lastModified = fields.get('last-modified');
  return {
    etag: etag !== undefined && isEntityTag(etag) ? etag : undefined,
    lastModified: parseHttpDate(lastModified) === undefined ? undefined : lastModified,
  };
}

export function hasValidator(fields: Fields): boolean {
  const { etag, lastModified } = validatorsOf(fields);
  return etag !== undefined || lastModified !== undefined;
}
