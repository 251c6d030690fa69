import { invalidKey, invalidPolicy } from '../errors.ts';
import { type CacheKey, isKeyText, valueKey } from '../key.ts';
import { fillRules, seconds } from '../policy-checks.ts';
import { joinTags, keyTag, NAMESPACE_TAG, partitionTag, type Tag, userTags } from '../tags.ts';

/** How a value is kept. Seconds. */
export interface ValueOptions {
  /** Seconds the value is fresh. */
  readonly ttl: number;
  /** Keeps tenants (or users) apart: another's value of the same key is another value. */
  readonly partition?: string;
  /** Names to invalidate it by; at most 64. */
  readonly tags?: readonly string[];
  /** Seconds after freshness during which stale is given at once while one load runs behind it. Default 0. */
  readonly staleWhileRevalidate?: number;
  /** Seconds after freshness during which stale is given where the load fails or takes too long. Default 0. */
  readonly staleIfError?: number;
  /** Seconds to wait for a load where a stale value may stand in (`staleIfError`). Default: as `fillTimeout`. */
  readonly softTimeout?: number;
  /** Seconds after which a load has failed, with `LARDER_TIMEOUT`. Default: the cache's, 30. */
  readonly fillTimeout?: number;
  /** Loads before the value ends, the likelier the nearer that is and the longer it takes (XFetch): 1 is the usual, 0 (default) never. */
  readonly earlyRefresh?: number;
  /** The share of its lifetime, 0 (default) to 0.5, that the value may end earlier, by chance. */
  readonly jitter?: number;
  /** Seconds that `undefined` and `null` are kept, from when the key is asked for a second time. Default: not at all. */
  readonly negativeTtl?: number;
  /** `'strict'`: no process gives it out of its memory without asking Redis whether it still stands. Default: as the cache does. */
  readonly coherence?: 'strict';
}

/** How a value is kept from ever ending. */
export interface AheadOptions extends ValueOptions {
  /** Seconds from one look to the next, a tenth more or less. Default: a third of the `ttl`. */
  readonly every?: number;
}

const OPTIONS: ReadonlySet<string> = new Set([
  'ttl',
  'partition',
  'tags',
  'staleWhileRevalidate',
  'staleIfError',
  'softTimeout',
  'fillTimeout',
  'earlyRefresh',
  'jitter',
  'negativeTtl',
  'coherence',
] satisfies (keyof ValueOptions)[]);

/** Where a value is kept, and how. */
export interface Slot {
  readonly key: CacheKey;
  /** The tag that nothing else carries. */
  readonly own: Tag;
  readonly tags: readonly Tag[];
  readonly ttl: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly softTimeout: number | undefined;
  readonly fillTimeout: number | undefined;
  readonly earlyRefresh: number;
  readonly jitter: number;
  readonly negativeTtl: number | undefined;
  readonly strict: boolean;
}

/** @throws LarderError `LARDER_INVALID_KEY`, `LARDER_INVALID_POLICY`, `LARDER_INVALID_TAG` */
export function slotOf(keyspace: string, key: string, options: ValueOptions): Slot {
  if (!isKeyText(key)) throw invalidKey(key);
  if (typeof options !== 'object' || options === null)
    throw invalidPolicy('ttl', options, 'give { ttl: seconds }');
  for (const name in options) {
    if (!OPTIONS.has(name))
      throw invalidPolicy(name, 'an unknown option', `known are ${[...OPTIONS].join(', ')}`);
  }
  const { partition } = options;
  if (partition !== undefined && !isKeyText(partition))
    throw invalidPolicy('partition', partition, 'give a non-empty string');
  const own = keyTag(key, partition);
  const whose = partition === undefined ? [] : [partitionTag(partition)];
  return {
    key: valueKey(keyspace, key, partition),
    own,
    tags: joinTags([NAMESPACE_TAG, own, ...whose], userTags(options.tags ?? [])),
    ttl: seconds('ttl', options.ttl, 0),
    staleWhileRevalidate: seconds('staleWhileRevalidate', options.staleWhileRevalidate ?? 0, 0),
    staleIfError: seconds('staleIfError', options.staleIfError ?? 0, 0),
    ...fillRules(options),
  };
}
