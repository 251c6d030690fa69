import type { Reply } from './client.ts';
import type { Visit } from './mix.ts';

/** Times of one label's requests with one outcome, in ms. */
export type Outcomes = Map<string, number[]>;

export interface Totals {
  requests: number;
  hits: number;
  cacheable: number;
  errors: number;
}

/** What came back, by label and by outcome. */
export class Tally {
  readonly byLabel = new Map<string, Outcomes>();
  readonly routeOf = new Map<string, string>();
  readonly failures = new Map<string, number>();
  readonly totals: Totals = { requests: 0, hits: 0, cacheable: 0, errors: 0 };

  reply(visit: Visit, { status, cache, ms }: Reply): void {
    const outcome = cache ?? 'none';
    this.totals.requests += 1;
    if (isHit(outcome)) this.totals.hits += 1;
    if (isCacheable(outcome)) this.totals.cacheable += 1;
    if (status >= 500) this.#fail(visit, `status ${status}`);
    const outcomes = this.byLabel.get(visit.label) ?? new Map<string, number[]>();
    this.byLabel.set(visit.label, outcomes);
    this.routeOf.set(visit.label, `${visit.method} ${visit.route}`);
    const times = outcomes.get(outcome);
    if (times) times.push(ms);
    else outcomes.set(outcome, [ms]);
  }

  failure(visit: Visit, error: Error): void {
    this.totals.requests += 1;
    this.#fail(visit, error.message);
  }

  times(wanted: (outcome: string) => boolean, label?: string): number[] {
    const among = label === undefined ? [...this.byLabel.values()] : [this.byLabel.get(label) ?? new Map()];
    return among.flatMap((outcomes: Outcomes) =>
      [...outcomes].filter(([outcome]) => wanted(outcome)).flatMap(([, times]) => times),
    );
  }

  #fail(visit: Visit, what: string): void {
    this.totals.errors += 1;
    const failure = `${visit.label}: ${what}`;
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
  }
}

export const isHit = (outcome: string): boolean => outcome === 'HIT' || outcome === 'STALE';
export const isMiss = (outcome: string): boolean => outcome === 'MISS';
export const isCacheable = (outcome: string): boolean => isHit(outcome) || isMiss(outcome);

/** Nearest rank; undefined of nothing. */
export function quantile(times: readonly number[], q: number): number | undefined {
  const ascending = [...times].sort((one, other) => one - other);
  return ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)];
}
