import { isToken } from './http/fields.ts';
import type { ResolvedPolicy } from './policy.ts';

/** What a handler has read of its request that other requests may have otherwise. */
export interface Reads {
  /** Lower-case names of fields, there or not. */
  readonly fields: ReadonlySet<string>;
  /** All fields at once. */
  readonly wholesale: boolean;
  /** Names of cookies that somebody had parsed before the cache. */
  readonly cookies: ReadonlySet<string>;
  /** `user`, `auth`, `session` where they held something; `ip`. */
  readonly others: ReadonlySet<string>;
}

export const NOTHING_READ: Reads = Object.freeze({
  fields: new Set<string>(),
  wholesale: false,
  cookies: new Set<string>(),
  others: new Set<string>(),
});

export type ReadRules = Pick<
  ResolvedPolicy,
  'ttl' | 'vary' | 'credentialsCovered' | 'cookies' | 'reads' | 'readsAllowed'
>;

/** What was read, by which rules, and of which request. */
export interface Reading {
  readonly reads: Reads;
  readonly rules: ReadRules;
  /** The request carried Authorization. */
  readonly authorized: boolean;
  /** The authority in the key is what Host says, and not what a proxy says that it was asked for. */
  readonly hostKeyed: boolean;
  /** The request had content, and fields that describe it. */
  readonly withContent: boolean;
}

/**
 * Fields that every request which gets this far has alike, preconditions that are the cache's to answer, directives
 * to caches, and marks that tell one exchange from another.
 */
const HARMLESS = new Set([
  ...['transfer-encoding', 'content-length'],
  ...['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'range'],
  'cache-control',
  ...['traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled'],
  ...['x-amzn-trace-id', 'x-cloud-trace-context'],
]);

/** Field names read that neither the key nor `varying` covers. */
export function uncoveredFields(reading: Reading, varying: readonly string[]): string[] {
  const { reads, rules } = reading;
  const covered = new Set([...rules.vary, ...rules.readsAllowed, ...varying]);
  return [...reads.fields].filter(
    (name) =>
      !isHarmless(name, reading) && !covered.has(name) && isRequestField(name) && !isCovered(name, reading),
  );
}

const isHarmless = (name: string, { withContent, hostKeyed }: Reading): boolean =>
  HARMLESS.has(name) || (withContent && name.startsWith('content-')) || (hostKeyed && name === 'host');

/** Node knows fields in lower case only: nobody's request has one by another name. */
const isRequestField = (name: string): boolean => name === name.toLowerCase();

/** Credentials that the partition covers, or that no request has which gets this far. */
function isCovered(name: string, { rules, authorized }: Reading): boolean {
  if (rules.credentialsCovered) return name === 'authorization' || name === 'cookie';
  return name === 'authorization' ? !authorized : name === 'cookie' && rules.cookies !== 'unread';
}

/** Why a response that was shaped by such reads is not stored; undefined when the key covers them. */
export function unkeyed(reading: Reading, varying: readonly string[]): string | undefined {
  const { reads, rules } = reading;
  if (rules.reads === 'trust') return undefined;
  const other = [...reads.others].find((name) =>
    name === 'ip' ? !rules.readsAllowed.includes(name) : !rules.credentialsCovered,
  );
  if (other !== undefined) return `unkeyed-${other}`;
  const unread = rules.cookies === 'unread' && !rules.credentialsCovered;
  if (unread && (reads.cookies.size > 0 || reads.wholesale)) return 'unkeyed-cookie';
  // Who passes all fields on answers by another server's word, and that word is Vary (RFC 9110 §12.5.5).
  if (reads.wholesale) return rules.ttl === undefined ? undefined : 'unkeyed-headers';
  const field = uncoveredFields(reading, varying)[0];
  if (field === undefined) return undefined;
  return isToken(field) ? `unkeyed-${field}` : 'unkeyed-field';
}
