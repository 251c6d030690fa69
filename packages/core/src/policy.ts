import { invalidPolicy } from './errors.ts';
import type { Granted } from './http/demands.ts';
import {
  allowedReads,
  bytes,
  type CookieRule,
  cookieRule,
  coversCredentials,
  fieldNames,
  fillRules,
  flag,
  oneOf,
  optionalFunction,
  seconds,
  statusSet,
  tagsOf,
} from './policy-checks.ts';
import type { Tag } from './tags.ts';

/** How a route is cached. Everything is optional; seconds unless the name says otherwise. */
export interface Policy<Req = unknown> {
  /**
   * Seconds a response is fresh, decided by the app. The handler's `no-store`, `private` and `no-cache` still
   * forbid storing; its `max-age` speaks to clients only. Without it the response's own headers decide
   * (RFC 9111 §4.2.1).
   */
  readonly ttl?: number;
  /** Seconds after freshness during which stale is served at once while it is made anew (RFC 5861 §3). Default 0. */
  readonly staleWhileRevalidate?: number;
  /**
   * Seconds after freshness during which stale covers a 500, 502, 503 or 504, and a handler that takes longer than
   * `fillTimeout` or `softTimeout` (RFC 5861 §4). Default 0.
   */
  readonly staleIfError?: number;
  /**
   * How a response is made anew while a stale one is served: `'background'` (default) runs what stands behind
   * `cacheResponse` once more with no client, as far as Express lets it be found, else as `'foreground'`, where one
   * client waits for it; `'dispatch'` sends a request through the whole app, all its middleware included.
   */
  readonly revalidate?: 'background' | 'dispatch' | 'foreground';
  /** Seconds that a client waits for the handler where a stale response may stand in (`staleIfError`). Default: as `fillTimeout`. */
  readonly softTimeout?: number;
  /** Seconds after which a handler counts as failed, and nobody waits for it any more. Default: the cache's, 30. */
  readonly fillTimeout?: number;
  /**
   * Makes a response anew before it ends, the likelier the nearer its end is and the longer it takes to make (XFetch):
   * 1 is the usual, more is earlier, 0 (default) never.
   */
  readonly earlyRefresh?: number;
  /** The share of its lifetime, 0 (default) to 0.5, that a response may end earlier, by chance: what came together goes apart. */
  readonly jitter?: number;
  /**
   * Seconds that a 404 or 410 is kept, from when its key is asked for a second time. Default: not at all, but for
   * what `statuses` names.
   */
  readonly negativeTtl?: number;
  /** `'strict'`: no process answers out of its memory without asking Redis whether it still stands. Default: as the cache does. */
  readonly coherence?: 'strict';
  /** Names to invalidate the response by; at most 64. */
  readonly tags?: readonly string[] | ((req: Req) => readonly string[]);
  /** Stands in for path and query in the cache key; scheme and host stay in it. `undefined` bypasses the cache. */
  readonly key?: (req: Req) => string | readonly string[] | undefined;
  /** Request fields that every response depends on: part of the key from the start. */
  readonly vary?: readonly string[];
  /** Keeps tenants (or users) apart. `undefined` for a request bypasses the cache. */
  readonly partition?: (req: Req) => string | undefined;
  /**
   * What to do with a request that carries an identity (`Authorization`, cookies, `req.user`):
   * `'bypass'` (default) leaves the cache alone; `'partitioned'` says that `partition` tells such users apart,
   * so that even `private` responses may be stored for the one they belong to.
   */
  readonly credentials?: 'bypass' | 'partitioned';
  /**
   * Requests with a Cookie field: `'bypass'` (default); `'ignore'` hides cookies from the handler while it
   * fills the cache; `'unread'` lets it see them, and keeps out what it made after reading one; a list of
   * names makes those part of the key and hides the rest.
   */
  readonly cookies?: 'bypass' | 'ignore' | 'unread' | readonly string[];
  /**
   * What becomes of a response whose handler read something of the request that the key does not cover:
   * `'refuse'` (default) keeps it out; `'vary'` makes the fields it read part of its Vary; `'trust'` does
   * not look, and leaves it to you that the key covers what matters.
   */
  readonly reads?: 'refuse' | 'vary' | 'trust';
  /** Request fields (and `'ip'`) that a handler may read though the key does not cover them: what goes into logs. */
  readonly readsAllowed?: readonly string[];
  /**
   * A request's own directives (RFC 9111 §5.2.1): `'ignore'` (default) heeds `no-store` and `only-if-cached`,
   * which make no work; `'honour'` all of them, so that any client can make the handler run.
   */
  readonly requestDirectives?: 'ignore' | 'honour';
  /**
   * Statuses stored besides 200 and 203 where there is a `ttl`; any of 301, 308, 404, 410. Default none.
   * Without one, a response of any final status says itself how long it may be kept.
   */
  readonly statuses?: readonly number[];
  /** A larger body passes through unstored. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** `X-Cache`, `Cache-Status` and `Age` on responses. Default true. */
  readonly statusHeaders?: boolean;
  /** True for a request that should not touch the cache. */
  readonly skip?: (req: Req) => boolean;
}

export interface ResolvedPolicy<Req = unknown> {
  readonly ttl: number | undefined;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly revalidate: 'background' | 'dispatch' | 'foreground';
  readonly softTimeout: number | undefined;
  readonly fillTimeout: number | undefined;
  readonly earlyRefresh: number;
  readonly jitter: number;
  readonly negativeTtl: number | undefined;
  readonly strict: boolean;
  readonly tags: (req: Req) => readonly Tag[];
  readonly key: ((req: Req) => string | readonly string[] | undefined) | undefined;
  readonly vary: readonly string[];
  readonly partition: ((req: Req) => string | undefined) | undefined;
  readonly credentialsCovered: boolean;
  /** Names of the cookies in the key, which are all that a handler sees; or what is done with any. */
  readonly cookies: CookieRule;
  readonly reads: 'refuse' | 'vary' | 'trust';
  readonly readsAllowed: readonly string[];
  readonly granted: Granted;
  readonly statuses: ReadonlySet<number>;
  readonly maxBodyBytes: number;
  readonly statusHeaders: boolean;
  readonly skip: ((req: Req) => boolean) | undefined;
}

/** The part of a policy that concerns what is stored, and not how a request is read. */
export type StoringRules = Pick<
  ResolvedPolicy,
  | 'ttl'
  | 'staleWhileRevalidate'
  | 'staleIfError'
  | 'softTimeout'
  | 'fillTimeout'
  | 'earlyRefresh'
  | 'jitter'
  | 'negativeTtl'
  | 'strict'
  | 'credentialsCovered'
  | 'statuses'
  | 'vary'
  | 'cookies'
  | 'reads'
  | 'readsAllowed'
  | 'granted'
>;

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;
const OPTIONS = new Set<string>([
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'revalidate',
  'softTimeout',
  'fillTimeout',
  'earlyRefresh',
  'jitter',
  'negativeTtl',
  'coherence',
  'tags',
  'key',
  'vary',
  'partition',
  'credentials',
  'cookies',
  'reads',
  'readsAllowed',
  'requestDirectives',
  'statuses',
  'maxBodyBytes',
  'statusHeaders',
  'skip',
] satisfies (keyof Policy)[]);

/**
 * Checks a policy and makes every default explicit, once, where the route is declared.
 * @throws LarderError `LARDER_INVALID_POLICY`, `LARDER_INVALID_TAG`
 */
export function resolvePolicy<Req>(given: number | Policy<Req> | undefined): ResolvedPolicy<Req> {
  const policy: Policy<Req> = typeof given === 'number' ? { ttl: given } : given === undefined ? {} : given;
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy))
    throw invalidPolicy('ttl', given, 'give seconds, or an object of options');
  for (const name of Object.keys(policy)) {
    if (!OPTIONS.has(name))
      throw invalidPolicy(name, 'an unknown option', `known are ${[...OPTIONS].join(', ')}`);
  }
  const credentialsCovered = coversCredentials(policy.credentials, policy.partition);
  return Object.freeze({
    ttl: policy.ttl === undefined ? undefined : seconds('ttl', policy.ttl, 1),
    staleWhileRevalidate: seconds('staleWhileRevalidate', policy.staleWhileRevalidate ?? 0, 0),
    staleIfError: seconds('staleIfError', policy.staleIfError ?? 0, 0),
    revalidate: oneOf('revalidate', policy.revalidate ?? 'background', [
      'background',
      'dispatch',
      'foreground',
    ]),
    ...fillRules(policy),
    tags: tagsOf(policy.tags),
    key: optionalFunction('key', policy.key),
    vary: fieldNames(policy.vary ?? [], credentialsCovered),
    partition: optionalFunction('partition', policy.partition),
    credentialsCovered,
    cookies: cookieRule(policy.cookies),
    reads: oneOf('reads', policy.reads ?? 'refuse', ['refuse', 'vary', 'trust']),
    readsAllowed: allowedReads(policy.readsAllowed ?? []),
    granted:
      oneOf('requestDirectives', policy.requestDirectives ?? 'ignore', ['ignore', 'honour']) === 'honour'
        ? 'all'
        : 'cheap',
    statuses: statusSet(policy.statuses ?? [], policy.negativeTtl !== undefined),
    maxBodyBytes: bytes('maxBodyBytes', policy.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES),
    statusHeaders: flag('statusHeaders', policy.statusHeaders ?? true),
    skip: optionalFunction('skip', policy.skip),
  });
}
