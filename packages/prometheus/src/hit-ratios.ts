import type { Outcome } from './outcome.ts';

export interface HitRatio {
  readonly namespace: string;
  readonly kind: 'responses' | 'values';
  readonly ratio: number;
}

/** Hits and stale answers, of all that the cache did not pass by, since the start. */
export class HitRatios {
  readonly #counts = new Map<
    string,
    { namespace: string; kind: HitRatio['kind']; hits: number; all: number }
  >();

  count(namespace: string, kind: HitRatio['kind'], outcome: Outcome): void {
    if (outcome === 'bypass') return;
    const key = `${kind} ${namespace}`;
    const counts = this.#counts.get(key) ?? { namespace, kind, hits: 0, all: 0 };
    this.#counts.set(key, counts);
    counts.all += 1;
    if (outcome === 'hit' || outcome === 'stale') counts.hits += 1;
  }

  all(): HitRatio[] {
    return [...this.#counts.values()].map(({ namespace, kind, hits, all }) => ({
      namespace,
      kind,
      ratio: hits / all,
    }));
  }
}
