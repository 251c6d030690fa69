import { parseHttpDate } from './date.ts';
import type { Fields } from './fields.ts';
import { entityTags, type Validators, weaklyEqual } from './validator.ts';

/**
 * Whether a stored 200 is answered with 304 (RFC 9110 §13.2.2): If-None-Match decides alone when it is
 * there, If-Modified-Since only in its absence.
 */
export function isNotModified(request: Fields, { etag, lastModified }: Validators): boolean {
  const ifNoneMatch = request.get('if-none-match');
  if (ifNoneMatch !== undefined) {
    const tags = entityTags(ifNoneMatch);
    if (tags === '*') return true;
    return etag !== undefined && tags.some((tag) => weaklyEqual(tag, etag));
  }
  const since = parseHttpDate(request.get('if-modified-since'));
  const modified = parseHttpDate(lastModified);
  return since !== undefined && modified !== undefined && modified <= since;
}

/** Fields that a 304 repeats from the 200 it stands for (RFC 9110 §15.4.5). */
const KEPT_BY_304 = new Set(['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary']);

/** Representation metadata has no place in a 304; everything about the exchange (CORS, say) does. */
export function belongsOn304(lowerCaseName: string): boolean {
  if (KEPT_BY_304.has(lowerCaseName)) return true;
  if (lowerCaseName === 'trailer' || lowerCaseName === 'transfer-encoding') return false;
  return (
    !lowerCaseName.startsWith('content-') &&
    lowerCaseName !== 'last-modified' &&
    lowerCaseName !== 'accept-ranges'
  );
}

/** Taken off a request while it fills the cache: the answer to them is the cache's own, client by client. */
export const PRECONDITION_FIELDS = ['if-none-match', 'if-modified-since'] as const;
