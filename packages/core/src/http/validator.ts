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
