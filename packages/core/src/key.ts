import type { RequestHead } from './http/message.ts';
import type { NominatedField } from './http/vary.ts';

/**
 * Cache keys, as text. Each part is written as its length, a colon and itself, and an absent part as `-`,
 * so that no part's content can look like a boundary and equal keys mean equal parts:
 *
 *   response = "r" part(namespace) part(scheme) part(authority) ( part(target) part(rewritten) | custom… ) "p" part(partition) "v" *( part(name) part(value) )
 *   variant  = "n" part(response) *( part(name) part(value) )
 *   value    = "k" part(namespace) part(key) part(partition)
 *
 * Nothing is normalised: the path's case, its escapes and the order of the query are the application's to
 * interpret, so two targets are one key only when they are byte for byte the same.
 */
export type CacheKey = string;

/** What may be a part of a key, or a key: anything else would stand for more than one thing, or for nothing. */
export const isKeyText = (given: unknown): given is string =>
  typeof given === 'string' && given !== '' && given.isWellFormed();

const part = (text: string | null | undefined): string => (text == null ? '-' : `${text.length}:${text}`);
const field = ([name, value]: NominatedField): string => part(name) + part(value);

export interface ResponseKeyParts {
  readonly namespace: string;
  readonly head: RequestHead;
  /** Stands in for path and query when the route's policy makes its own; the authority is always covered. */
  readonly custom: readonly string[] | undefined;
  readonly partition: string | undefined;
  readonly keyed: readonly NominatedField[];
}

export function responseKey({ namespace, head, custom, partition, keyed }: ResponseKeyParts): CacheKey {
  const resource =
    custom === undefined
      ? `t${part(head.target)}${part(head.rewritten)}`
      : `c${custom.length}${custom.map(part).join('')}`;
  const who = `p${part(partition)}`;
  return `r${part(namespace)}${part(head.scheme)}${part(head.authority)}${resource}${who}v${keyed.map(field).join('')}`;
}

export const variantKey = (primary: CacheKey, nominated: readonly NominatedField[]): CacheKey =>
  `n${part(primary)}${nominated.map(field).join('')}`;

/** The key of the URI that a variant is of; of every other key, itself. */
export function homeOf(key: CacheKey): CacheKey {
  if (!key.startsWith('n')) return key;
  const colon = key.indexOf(':');
  return key.slice(colon + 1, colon + 1 + Number(key.slice(1, colon)));
}

export const valueKey = (namespace: string, key: string, partition?: string): CacheKey =>
  `k${part(namespace)}${part(key)}${part(partition)}`;
