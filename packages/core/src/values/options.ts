import { invalidKey, invalidPolicy } from '../errors.ts';
import { type CacheKey, valueKey } from '../key.ts';
import { fillRules, seconds } from '../policy-checks.ts';
import { joinTags, keyTag, NAMESPACE_TAG, type Tag, userTags } from '../tags.ts';

/** How a value is kept. Seconds. */
export interface ValueOptions {
  /** Seconds the value is fresh. */
  readonly ttl: number;
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
}

/** How a value is kept from ever ending. */
export interface AheadOptions extends ValueOptions {
  /** Seconds from one look to the next, a tenth more or less. Default: a third of the `ttl`. */
  readonly every?: number;
}

const OPTIONS: ReadonlySet<string> = new Set([
  'ttl',
  'tags',
  'staleWhileRevalidate',
  'staleIfError',
  'softTimeout',
  'fillTimeout',
  'earlyRefresh',
  'jitter',
  'negativeTtl',
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
}

/** @throws LarderError `LARDER_INVALID_KEY`, `LARDER_INVALID_POLICY`, `LARDER_INVALID_TAG` */
export function slotOf(namespace: string, key: string, options: ValueOptions): Slot {
  if (typeof key !== 'string' || key === '' || !key.isWellFormed()) throw invalidKey(key);
  if (typeof options !== 'object' || options === null)
    throw invalidPolicy('ttl', options, 'give { ttl: seconds }');
  for (const name in options) {
    if (!OPTIONS.has(name))
      throw invalidPolicy(name, 'an unknown option', `known are ${[...OPTIONS].join(', ')}`);
  }
  const own = keyTag(key);
  return {
    key: valueKey(namespace, key),
    own,
    tags: joinTags([NAMESPACE_TAG, own], userTags(options.tags ?? [])),
    ttl: seconds('ttl', options.ttl, 0),
    staleWhileRevalidate: seconds('staleWhileRevalidate', options.staleWhileRevalidate ?? 0, 0),
    staleIfError: seconds('staleIfError', options.staleIfError ?? 0, 0),
    ...fillRules(options),
  };
}
