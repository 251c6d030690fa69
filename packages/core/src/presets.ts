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
  readonly expires?: never;
  readonly cdn?: never;
  readonly surrogate?: never;
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
  /** Also as `Expires`, for what knows no Cache-Control: `maxAge` after the response's Date (RFC 9111 §5.3). */
  readonly expires?: boolean;
  /** What CDNs are told in `CDN-Cache-Control`, in place of everything else said here (RFC 9213 §3.1). */
  readonly cdn?: CdnDirectives;
  /** `cdn` once more in `Surrogate-Control`, for CDNs that know only that. */
  readonly surrogate?: boolean;
  /** Request fields that the response depends on; merged into Vary. */
  readonly vary?: readonly string[];
}

/** For CDNs alone. */
export interface CdnDirectives {
  /** Seconds a CDN may use it without asking. */
  readonly maxAge?: number;
  readonly noStore?: boolean;
  readonly noCache?: boolean;
  readonly mustRevalidate?: boolean;
  readonly staleWhileRevalidate?: number;
  readonly staleIfError?: number;
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
