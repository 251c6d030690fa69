import { invalidCacheControl } from './errors.ts';
import { isToken, mergeLists } from './http/fields.ts';

/** Never kept by anyone (RFC 9111 §5.2.2.5). */
export interface NoStore {
  readonly noStore: true;
  readonly public?: never;
  readonly private?: never;
  readonly noCache?: never;
  readonly maxAge?: never;
  readonly sMaxAge?: never;
  readonly mustRevalidate?: never;
  readonly proxyRevalidate?: never;
  readonly noTransform?: never;
  readonly immutable?: never;
  readonly staleWhileRevalidate?: never;
  readonly staleIfError?: never;
  readonly vary?: readonly string[];
}

interface Kept {
  readonly noStore?: never;
  /** Keep, but ask before every use (RFC 9111 §5.2.2.4). */
  readonly noCache?: boolean;
  /** Seconds a browser may use it without asking. */
  readonly maxAge?: number;
  readonly mustRevalidate?: boolean;
  readonly noTransform?: boolean;
  /** It will not change while fresh: no revalidation on reload (RFC 8246). */
  readonly immutable?: boolean;
  /** Seconds after freshness during which stale may be used while a new one is fetched (RFC 5861 §3). */
  readonly staleWhileRevalidate?: number;
  /** Seconds after freshness during which stale may cover an error (RFC 5861 §4). */
  readonly staleIfError?: number;
  /** Request fields that the response depends on; merged into Vary. */
  readonly vary?: readonly string[];
}

/** For one user's browser only (RFC 9111 §5.2.2.7). */
export interface PrivateDirectives extends Kept {
  readonly private: true;
  readonly public?: never;
  readonly sMaxAge?: never;
  readonly proxyRevalidate?: never;
}

/** For everybody. */
export interface SharedDirectives extends Kept {
  readonly private?: never;
  readonly public?: boolean;
  /** Seconds a CDN may use it without asking; overrides `maxAge` there (RFC 9111 §5.2.2.10). */
  readonly sMaxAge?: number;
  readonly proxyRevalidate?: boolean;
}

/** What a route tells browsers and CDNs. Contradictions do not compile; in plain JavaScript they fail at start. */
export type CacheControlDirectives = NoStore | PrivateDirectives | SharedDirectives;

/** Named answers to "who may keep this, and how long"; change one by spreading it. */
export const presets = {
  /** Public data that may lag a minute: lists, search results. */
  publicShort: { public: true, maxAge: 60, staleWhileRevalidate: 30 },
  /** Public data that hardly changes: documents, reference tables. */
  publicLong: { public: true, maxAge: 86_400, staleWhileRevalidate: 3_600 },
  /** Kept by the CDN and not by browsers, so that a CDN purge reaches everyone. */
  cdn: {
    public: true,
    maxAge: 0,
    sMaxAge: 600,
    staleWhileRevalidate: 60,
    staleIfError: 86_400,
  },
  /** One user's data: the browser may keep it, asks every time, and forgets it when the user changes. */
  private: { private: true, noCache: true, vary: ['Authorization', 'Cookie'] },
  /** Nobody keeps it: tokens, payments. */
  noStore: { noStore: true },
  /** Files whose name carries their hash. */
  immutable: { public: true, maxAge: 31_536_000, immutable: true },
  /** JSON that this server invalidates itself: clients keep it and ask every time, mostly for a 304. */
  api: { noCache: true },
} as const satisfies Record<string, CacheControlDirectives>;

/** A preset made ready once: the field values, checked. */
export interface ClientDirectives {
  readonly cacheControl: string;
  readonly vary: string;
}

/** @throws LarderError `LARDER_INVALID_CACHE_CONTROL` for directives that contradict each other or mean nothing. */
export function resolveDirectives(directives: CacheControlDirectives): ClientDirectives {
  if (typeof directives !== 'object' || directives === null) {
    throw invalidCacheControl(`got ${String(directives)}`, 'give one of presets, or an object of directives');
  }
  const given = directives as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (name !== 'vary' && !Object.hasOwn(WRITTEN, name)) {
      throw invalidCacheControl(
        `unknown directive "${name}"`,
        `known are ${Object.keys(WRITTEN).join(', ')}, vary`,
      );
    }
  }
  refuseContradictions(given);
  const parts = Object.entries(WRITTEN).flatMap(([name, write]) => write(given[name], name));
  if (parts.length === 0)
    throw invalidCacheControl('no directive given', 'use presets.api if clients should just ask');
  return Object.freeze({ cacheControl: parts.join(', '), vary: mergeLists(...varyNames(given.vary)) });
}

function refuseContradictions(given: Record<string, unknown>): void {
  const has = (name: string) => given[name] !== undefined && given[name] !== false;
  const others = Object.keys(WRITTEN).filter((name) => name !== 'noStore' && has(name));
  if (has('noStore') && others.length > 0) {
    throw invalidCacheControl(
      `noStore together with ${others.join(', ')}`,
      'nothing can be said of what is not kept',
    );
  }
  for (const shared of ['public', 'sMaxAge', 'proxyRevalidate']) {
    if (has('private') && has(shared)) {
      throw invalidCacheControl(
        `private together with ${shared}`,
        'a private response is in no shared cache',
      );
    }
  }
  if (has('immutable') && !has('maxAge')) {
    throw invalidCacheControl('immutable without maxAge', 'say for how many seconds it will not change');
  }
}

type Write = (value: unknown, name: string) => string[];

const flag =
  (directive: string): Write =>
  (value, name) => {
    if (value === undefined || value === false) return [];
    if (value !== true) throw invalidCacheControl(`${name}: ${String(value)}`, 'give true or leave it out');
    return [directive];
  };

const seconds =
  (directive: string): Write =>
  (value, name) => {
    if (value === undefined) return [];
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw invalidCacheControl(`${name}: ${String(value)}`, 'give whole seconds, 0 or more');
    }
    return [`${directive}=${value as number}`];
  };

/** In the order they are written. */
const WRITTEN: Record<string, Write> = {
  noStore: flag('no-store'),
  public: flag('public'),
  private: flag('private'),
  noCache: flag('no-cache'),
  maxAge: seconds('max-age'),
  sMaxAge: seconds('s-maxage'),
  mustRevalidate: flag('must-revalidate'),
  proxyRevalidate: flag('proxy-revalidate'),
  noTransform: flag('no-transform'),
  immutable: flag('immutable'),
  staleWhileRevalidate: seconds('stale-while-revalidate'),
  staleIfError: seconds('stale-if-error'),
};

function varyNames(vary: unknown): string[] {
  if (vary === undefined) return [];
  if (!Array.isArray(vary) || !vary.every((name) => typeof name === 'string' && isToken(name))) {
    throw invalidCacheControl(`vary: ${String(vary)}`, 'give an array of request field names');
  }
  return vary as string[];
}
