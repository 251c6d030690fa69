import { invalidPolicy } from './errors.ts';
import { isToken } from './http/fields.ts';
import { MAX_VARY_NAMES } from './http/vary.ts';
import { type Tag, userTags } from './tags.ts';

/** The options of a policy, one check each. All throw LarderError `LARDER_INVALID_POLICY`. */

/** Nothing is kept longer, whatever a lifetime says: tags are promised to outlive every entry. */
export const MAX_RETENTION_SECONDS = 30 * 86_400;
const DEFAULT_STATUSES = [200, 203];
/** They say that there is nothing. */
export const NEGATIVE_STATUSES: readonly number[] = [404, 410];
const OPTIONAL_STATUSES = [301, 308, 404, 410];

export type CookieRule = 'bypass' | 'unread' | readonly string[];

export function seconds(option: string, given: unknown, least: number): number {
  if (typeof given !== 'number' || !(given >= least) || given > MAX_RETENTION_SECONDS) {
    throw invalidPolicy(option, given, `give seconds from ${least} to ${MAX_RETENTION_SECONDS} (30 days)`);
  }
  return given;
}

export function bytes(option: string, given: unknown): number {
  if (!Number.isSafeInteger(given) || (given as number) < 1)
    throw invalidPolicy(option, given, 'give whole bytes, 1 or more');
  return given as number;
}

export function flag(option: string, given: unknown): boolean {
  if (typeof given !== 'boolean') throw invalidPolicy(option, given, 'give true or false');
  return given;
}

export function optionalFunction<F>(option: string, given: F | undefined): F | undefined {
  if (given !== undefined && typeof given !== 'function')
    throw invalidPolicy(option, given, 'give a function of the request');
  return given;
}

export function tagsOf<Req>(
  given: readonly string[] | ((req: Req) => readonly string[]) | undefined,
): (req: Req) => readonly Tag[] {
  if (typeof given === 'function') return (req) => userTags(given(req));
  const tags = Object.freeze(userTags(given ?? []));
  return () => tags;
}

export function fieldNames(given: unknown, credentialsCovered: boolean): readonly string[] {
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

export function coversCredentials(credentials: unknown = 'bypass', partition: unknown): boolean {
  if (credentials !== 'bypass' && credentials !== 'partitioned') {
    throw invalidPolicy('credentials', credentials, "give 'bypass' or 'partitioned'");
  }
  if (credentials === 'partitioned' && partition === undefined) {
    throw invalidPolicy('credentials', credentials, 'add partition: (req) => the id of whoever is asking');
  }
  return credentials === 'partitioned';
}

export function cookieRule(given: unknown = 'bypass'): CookieRule {
  if (given === 'bypass' || given === 'unread') return given;
  if (given === 'ignore') return Object.freeze([]);
  if (
    Array.isArray(given) &&
    given.length > 0 &&
    given.every((name) => typeof name === 'string' && isToken(name))
  ) {
    return Object.freeze([...new Set(given as string[])].sort());
  }
  throw invalidPolicy('cookies', given, "give 'bypass', 'ignore', 'unread' or an array of cookie names");
}

export function oneOf<T extends string>(option: string, given: T, known: readonly T[]): T {
  if (known.includes(given)) return given;
  throw invalidPolicy(option, given, `give ${known.map((word) => `'${word}'`).join(' or ')}`);
}

const IDENTITIES = ['authorization', 'cookie', 'user', 'auth', 'session'];

export function allowedReads(given: unknown): readonly string[] {
  if (!Array.isArray(given) || !given.every((name) => typeof name === 'string' && isToken(name)))
    throw invalidPolicy('readsAllowed', given, "give an array of request field names, or 'ip'");
  const names = given.map((name: string) => name.toLowerCase());
  const identity = names.find((name) => IDENTITIES.includes(name));
  if (identity !== undefined)
    throw invalidPolicy('readsAllowed', identity, 'it tells who is asking: use partition');
  return Object.freeze(names);
}

export function statusSet(given: unknown, negative: boolean): ReadonlySet<number> {
  if (!Array.isArray(given) || !given.every((status) => OPTIONAL_STATUSES.includes(status))) {
    throw invalidPolicy('statuses', given, `give any of ${OPTIONAL_STATUSES.join(', ')}`);
  }
  return new Set([...DEFAULT_STATUSES, ...given, ...(negative ? NEGATIVE_STATUSES : [])]);
}

/** What a policy, of responses or of values, says of how they are made. */
export interface FillChoice {
  readonly softTimeout?: number | undefined;
  readonly fillTimeout?: number | undefined;
  readonly earlyRefresh?: number | undefined;
  readonly jitter?: number | undefined;
  readonly negativeTtl?: number | undefined;
  readonly coherence?: 'strict' | undefined;
}

export const SHORTEST_SECONDS = 0.001;
const LARGEST_BETA = 100;
const LARGEST_JITTER = 0.5;

export function fillRules(given: FillChoice) {
  const { softTimeout, fillTimeout, negativeTtl } = given;
  const optional = (name: keyof FillChoice, value: number | undefined, least: number) =>
    value === undefined ? undefined : seconds(name, value, least);
  return {
    softTimeout: optional('softTimeout', softTimeout, SHORTEST_SECONDS),
    fillTimeout: optional('fillTimeout', fillTimeout, SHORTEST_SECONDS),
    negativeTtl: optional('negativeTtl', negativeTtl, SHORTEST_SECONDS),
    earlyRefresh: share('earlyRefresh', given.earlyRefresh ?? 0, LARGEST_BETA),
    strict: given.coherence !== undefined && oneOf('coherence', given.coherence, ['strict']) === 'strict',
    jitter: share('jitter', given.jitter ?? 0, LARGEST_JITTER),
  };
}

function share(option: string, given: unknown, most: number): number {
  if (typeof given === 'number' && given >= 0 && given <= most) return given;
  throw invalidPolicy(option, given, `give a number from 0 to ${most}`);
}
