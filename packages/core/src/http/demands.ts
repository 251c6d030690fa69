import { type Directives, deltaSeconds, parseCacheControl } from './cache-control.ts';
import type { Fields } from './fields.ts';

/** What a request's directives ask of a stored response (RFC 9111 §5.2.1), in seconds. */
export interface Demands {
  /** Validated before it is used (§5.2.1.4). */
  readonly validated: boolean;
  /** Current age at most (§5.2.1.1). */
  readonly maxAge: number | undefined;
  /** Freshness left at least (§5.2.1.3). */
  readonly minFresh: number;
  /** Staleness allowed (§5.2.1.2); Infinity for any. */
  readonly maxStale: number;
  /** No answer rather than one from the handler (§5.2.1.7). */
  readonly onlyIfCached: boolean;
  /** Neither stored, nor shared with who waits (§5.2.1.5). */
  readonly noStore: boolean;
}

export const NO_DEMANDS: Demands = Object.freeze({
  validated: false,
  maxAge: undefined,
  minFresh: 0,
  maxStale: 0,
  onlyIfCached: false,
  noStore: false,
});

/** Which of its directives a request is granted: those that make no work for the handler, or all. */
export type Granted = 'cheap' | 'all';

export function demandsOf(fields: Fields, granted: Granted): Demands {
  const value = fields.get('cache-control');
  if (value === undefined) return granted === 'all' ? pragmaOf(fields) : NO_DEMANDS;
  const directives = parseCacheControl(value);
  const onlyIfCached = directives.has('only-if-cached');
  const noStore = directives.has('no-store');
  if (granted === 'cheap') return { ...NO_DEMANDS, onlyIfCached, noStore };
  return {
    validated: directives.has('no-cache'),
    maxAge: deltaSeconds(directives, 'max-age'),
    minFresh: deltaSeconds(directives, 'min-fresh') ?? 0,
    maxStale: maxStaleOf(directives),
    onlyIfCached,
    noStore,
  };
}

/** Pragma speaks for clients that know no Cache-Control, and has but one word (RFC 9111 §5.4). */
const pragmaOf = (fields: Fields): Demands =>
  parseCacheControl(fields.get('pragma')).has('no-cache') ? { ...NO_DEMANDS, validated: true } : NO_DEMANDS;

/** Without an argument any staleness will do (§5.2.1.2). */
const maxStaleOf = (directives: Directives): number =>
  directives.get('max-stale') === ''
    ? Number.POSITIVE_INFINITY
    : (deltaSeconds(directives, 'max-stale') ?? 0);
