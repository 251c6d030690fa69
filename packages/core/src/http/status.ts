/** Status codes (RFC 9110 §15). */

/** Those whose definition says that a cache may store them with no more than a guess at a lifetime (§15.1). */
const HEURISTICALLY_CACHEABLE = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** Those whose demands on caches are known here: what `must-understand` asks (RFC 9111 §5.2.2.3). */
const UNDERSTOOD = new Set([
  ...HEURISTICALLY_CACHEABLE,
  ...[201, 202, 205, 302, 303, 307],
  ...[
    400, 401, 402, 403, 406, 407, 408, 409, 411, 412, 413, 415, 416, 417, 421, 422, 426, 428, 429, 431, 451,
  ],
  ...[500, 502, 503, 504, 505, 511],
]);

export const isHeuristicallyCacheable = (status: number): boolean => HEURISTICALLY_CACHEABLE.has(status);

export const isUnderstood = (status: number): boolean => UNDERSTOOD.has(status);

export const isSuccessful = (status: number): boolean => status >= 200 && status < 300;

/** Not interim, and within the range that the protocol has (§15). */
export const isFinal = (status: number): boolean => status >= 200 && status <= 599;

/** A limit reached, a login missing, a format not to be had: to another client the answer may be another. */
export const isAboutClient = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 404 && status !== 410;
