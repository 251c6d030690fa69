import { invalidPolicy } from './errors.ts';
import { isToken } from './http/fields.ts';
import { MAX_VARY_NAMES } from './http/vary.ts';
import { type Tag, userTags } from './tags.ts';

/** How a route is cached. Everything is optional; seconds unless the name says otherwise. */
export interface Policy<Req = unknown> {
  /**
   * Seconds a response is fresh, decided by the app. The handler's `no-store`, `private` and `no-cache` still
   * forbid storing; its `max-age` speaks to clients only. Without it the response's own headers decide
   * (RFC 9111 §4.2.1).
   */
  readonly ttl?: number;
  /** Seconds after freshness during which stale is served while one request fetches anew (RFC 5861 §3). Default 0. */
  readonly staleWhileRevalidate?: number;
  /** Seconds after freshness during which stale covers a 500, 502, 503 or 504 (RFC 5861 §4). Default 0. */
  readonly staleIfError?: number;
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
   * fills the cache; a list of names makes those part of the key and hides the rest.
   */
  readonly cookies?: 'bypass' | 'ignore' | readonly string[];
  /** Statuses stored besides 200 and 203; any of 301, 308, 404, 410. Default none. */
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
  readonly tags: (req: Req) => readonly Tag[];
  readonly key: ((req: Req) => string | readonly string[] | undefined) | undefined;
  readonly vary: readonly string[];
  readonly partition: ((req: Req) => string | undefined) | undefined;
  readonly credentialsCovered: boolean;
  /** Names of the cookies in the key; undefined when any cookie bypasses. */
  readonly cookies: readonly string[] | undefined;
  readonly statuses: ReadonlySet<number>;
  readonly maxBodyBytes: number;
  readonly statusHeaders: boolean;
  readonly skip: ((req: Req) => boolean) | undefined;
}

/** The part of a policy that concerns what is stored, and not how a request is read. */
export type StoringRules = Pick<
  ResolvedPolicy,
  'ttl' | 'staleWhileRevalidate' | 'staleIfError' | 'credentialsCovered' | 'statuses' | 'vary'
>;

/** Nothing is kept longer, whatever a lifetime says: tags are promised to outlive every entry. */
export const MAX_RETENTION_SECONDS = 30 * 86_400;
const DEFAULT_STATUSES = [200, 203];
const OPTIONAL_STATUSES = [301, 308, 404, 410];
const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;
const OPTIONS = new Set<string>([
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'tags',
  'key',
  'vary',
  'partition',
  'credentials',
  'cookies',
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
  const policy: Policy<Req> = typeof given === 'number' ? { ttl: given } : (given ?? {});
  if (typeof policy !== 'object') throw invalidPolicy('ttl', given, 'give seconds, or an object of options');
  for (const name of Object.keys(policy)) {
    if (!OPTIONS.has(name))
      throw invalidPolicy(name, 'an unknown option', `known are ${[...OPTIONS].join(', ')}`);
  }
  const credentialsCovered = coversCredentials(policy);
  return Object.freeze({
    ttl: policy.ttl === undefined ? undefined : seconds('ttl', policy.ttl, 1),
    staleWhileRevalidate: seconds('staleWhileRevalidate', policy.staleWhileRevalidate ?? 0, 0),
    staleIfError: seconds('staleIfError', policy.staleIfError ?? 0, 0),
    tags: tagsOf(policy.tags),
    key: optionalFunction('key', policy.key),
    vary: fieldNames(policy.vary ?? [], credentialsCovered),
    partition: optionalFunction('partition', policy.partition),
    credentialsCovered,
    cookies: cookieNames(policy.cookies),
    statuses: statusSet(policy.statuses ?? []),
    maxBodyBytes: bytes('maxBodyBytes', policy.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES),
    statusHeaders: flag('statusHeaders', policy.statusHeaders ?? true),
    skip: optionalFunction('skip', policy.skip),
  });
}

export function seconds(option: string, given: unknown, least: number): number {
  if (typeof given !== 'number' || !(given >= least) || given > MAX_RETENTION_SECONDS) {
    throw invalidPolicy(option, given, `give seconds from ${least} to ${MAX_RETENTION_SECONDS} (30 days)`);
  }
  return given;
}

function bytes(option: string, given: unknown): number {
  if (!Number.isSafeInteger(given) || (given as number) < 1)
    throw invalidPolicy(option, given, 'give whole bytes, 1 or more');
  return given as number;
}

function flag(option: string, given: unknown): boolean {
  if (typeof given !== 'boolean') throw invalidPolicy(option, given, 'give true or false');
  return given;
}

function optionalFunction<F>(option: string, given: F | undefined): F | undefined {
  if (given !== undefined && typeof given !== 'function')
    throw invalidPolicy(option, given, 'give a function of the request');
  return given;
}

function tagsOf<Req>(given: Policy<Req>['tags']): (req: Req) => readonly Tag[] {
  if (typeof given === 'function') return (req) => userTags(given(req));
  const tags = Object.freeze(userTags(given ?? []));
  return () => tags;
}

function fieldNames(given: unknown, credentialsCovered: boolean): readonly string[] {
  const wellFormed = Array.isArray(given) && given.every((name) => typeof name === 'string' && isToken(name));
  if (!wellFormed || given.length > MAX_VARY_NAMES) {
    throw invalidPolicy('vary', given, `give an array of at most ${MAX_VARY_NAMES} request field names`);
  }
  const names = [...new Set(given.map((name: string) => name.toLowerCase()))].sort();
  if (!credentialsCovered && names.some((name) => name === 'cookie' || name === 'authorization')) {
    throw invalidPolicy(
      'vary',
      given,
      "a key per credential is a partition: use partition with credentials: 'partitioned'",
    );
  }
  return Object.freeze(names);
}

function coversCredentials<Req>({ credentials = 'bypass', partition }: Policy<Req>): boolean {
  if (credentials !== 'bypass' && credentials !== 'partitioned') {
    throw invalidPolicy('credentials', credentials, "give 'bypass' or 'partitioned'");
  }
  if (credentials === 'partitioned' && partition === undefined) {
    throw invalidPolicy('credentials', credentials, 'add partition: (req) => the id of whoever is asking');
  }
  return credentials === 'partitioned';
}

function cookieNames(given: unknown = 'bypass'): readonly string[] | undefined {
  if (given === 'bypass') return undefined;
  if (given === 'ignore') return Object.freeze([]);
  if (
    Array.isArray(given) &&
    given.length > 0 &&
    given.every((name) => typeof name === 'string' && isToken(name))
  ) {
    return Object.freeze([...new Set(given as string[])].sort());
  }
  throw invalidPolicy('cookies', given, "give 'bypass', 'ignore' or an array of cookie names");
}

function statusSet(given: unknown): ReadonlySet<number> {
  if (!Array.isArray(given) || !given.every((status) => OPTIONAL_STATUSES.includes(status))) {
    throw invalidPolicy('statuses', given, `give any of ${OPTIONAL_STATUSES.join(', ')}`);
  }
  return new Set([...DEFAULT_STATUSES, ...given]);
}
