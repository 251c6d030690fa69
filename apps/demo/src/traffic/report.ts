import { type Counted, madeBetween, perForward } from './queries.ts';
import { ms, percent, table } from './table.ts';
import { isCacheable, isHit, isMiss, quantile, type Tally } from './tally.ts';

const OUTCOMES = ['HIT', 'STALE', 'MISS', 'BYPASS', 'none'];

/** Everything that the run has shown, as text. */
export function report(tally: Tally, before: Counted, after: Counted, elapsedSeconds: number): string {
  const { requests, hits, cacheable, errors } = tally.totals;
  const labels = [...tally.byLabel.keys()];
  const avoided = labels.reduce((sum, label) => sum + avoidedBy(tally, after, label), 0);
  const { made, background } = madeBetween(before, after);
  return [
    `${requests} requests in ${elapsedSeconds.toFixed(0)} s (${(requests / elapsedSeconds).toFixed(0)}/s)`,
    '',
    outcomeTable(tally),
    '',
    latencyTable(tally),
    '',
    `Hit ratio      ${percent(hits, cacheable)}  (HIT + STALE of HIT + STALE + MISS)`,
    `SQL queries    ${made} made; ${avoided - background} saved: ${avoided} that hits did without, less ${background} that made anew what was kept`,
    `Errors         ${errors}  (status ≥ 500, or no answer)`,
    ...[...tally.failures].map(([failure, count]) => `               ${count} × ${failure}`),
    '',
    routeTable(tally, after),
  ].join('\n');
}

function outcomeTable(tally: Tally): string {
  const rows = OUTCOMES.map((outcome) => {
    const times = tally.times((seen) => seen === outcome);
    const name = outcome === 'none' ? 'no cache on the route' : outcome;
    return [name, times.length, percent(times.length, tally.totals.requests)];
  });
  return table(['X-Cache', 'requests', 'share'], rows);
}

function latencyTable(tally: Tally): string {
  const fast = tally.times(isHit);
  const slow = tally.times(isMiss);
  const rows = [0.5, 0.95, 0.99].map((q) => {
    const hit = quantile(fast, q);
    const miss = quantile(slow, q);
    return [`p${q * 100}`, ms(hit), ms(miss), hit && miss ? `${(miss / hit).toFixed(1)} ×` : '–'];
  });
  return table(['latency', 'hits', 'misses', 'ratio'], rows);
}

function routeTable(tally: Tally, after: Counted): string {
  const rows = [...tally.byLabel]
    .map(([label, outcomes]) => {
      const count = (...names: string[]) =>
        names.reduce((sum, name) => sum + (outcomes.get(name)?.length ?? 0), 0);
      const all = [...outcomes.values()].reduce((sum, times) => sum + times.length, 0);
      const cacheable = tally.times(isCacheable, label).length;
      return [
        label,
        all,
        count('HIT'),
        count('STALE'),
        count('MISS'),
        percent(count('HIT', 'STALE'), cacheable),
        ms(quantile(tally.times(isHit, label), 0.5)),
        ms(
          quantile(
            tally.times((outcome) => !isHit(outcome), label),
            0.5,
          ),
        ),
        cacheable === 0 ? '–' : perForward(after, tally.routeOf.get(label)!).toFixed(1),
        cacheable === 0 ? '–' : avoidedBy(tally, after, label),
      ] as const;
    })
    .sort((one, other) => other[1] - one[1]);
  const head = [
    '',
    'requests',
    'HIT',
    'STALE',
    'MISS',
    'ratio',
    'p50 hit',
    'p50 other',
    'SQL a miss',
    'SQL spared',
  ];
  return table(head, rows);
}

function avoidedBy(tally: Tally, after: Counted, label: string): number {
  return Math.round(tally.times(isHit, label).length * perForward(after, tally.routeOf.get(label)!));
}
