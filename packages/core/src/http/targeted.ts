import { type Directives, FORBIDDING, parseCacheControl } from './cache-control.ts';
import type { Fields } from './fields.ts';
import { type Member, parseDictionary } from './structured.ts';

/** What a response says of its caching to this cache. */
export interface Control {
  readonly directives: Directives;
  /** Said in a targeted field, beside which Cache-Control and Expires do not count (RFC 9213 §2.2). */
  readonly targeted: boolean;
}

/** This cache's own field: for nobody else, and taken off what clients get. */
export const OWN_FIELD = 'larder-cache-control';

/** Targeted fields that this cache obeys, the most specific first (RFC 9213 §2.2). */
const TARGET_LIST = [OWN_FIELD, 'cdn-cache-control'] as const;

/** The first targeted field that is there and can be read, else Cache-Control (RFC 9213 §2.2). */
export function controlOf(fields: Fields): Control {
  for (const name of TARGET_LIST) {
    const value = fields.get(name);
    const directives = value === undefined ? undefined : parseTargeted(value);
    if (directives !== undefined) return { directives, targeted: true };
  }
  return { directives: parseCacheControl(fields.get('cache-control')), targeted: false };
}

/** Only what this cache was told by name. */
export function ownControl(fields: Fields): Directives | undefined {
  const value = fields.get(OWN_FIELD);
  return value === undefined ? undefined : parseTargeted(value);
}

/**
 * A targeted field is a structured dictionary; undefined for one that is empty or is not (RFC 9213 §2.1). A
 * directive whose value has another type than it should is left out, so that `max-age="60"` says nothing,
 * except where leaving it out would allow what it forbids.
 */
export function parseTargeted(value: string): Directives | undefined {
  const members = parseDictionary(value);
  if (members === undefined || members.size === 0) return undefined;
  const directives = new Map<string, string>();
  for (const [name, member] of members) {
    const argument = argumentOf(name, member);
    if (argument !== undefined && !isFalse(member)) directives.set(name, argument);
  }
  return directives;
}

const isFalse = (member: Member): boolean => member.kind === 'boolean' && !member.value;

const IN_SECONDS = new Set(['max-age', 's-maxage', 'stale-if-error', 'stale-while-revalidate']);
const BY_FIELD = new Set(['no-cache', 'private']);

/** As parseCacheControl would give it; undefined for a value of another type than the directive's (RFC 9213 §2.1). */
function argumentOf(name: string, member: Member): string | undefined {
  if (IN_SECONDS.has(name)) return member.kind === 'integer' ? String(member.value) : undefined;
  if (BY_FIELD.has(name) && member.kind === 'string') return member.value;
  return member.kind === 'boolean' || FORBIDDING.has(name) ? '' : undefined;
}
