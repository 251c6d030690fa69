import { ms, table } from '../traffic/table.ts';
import { quantile } from '../traffic/tally.ts';
import type { Got } from './crowd.ts';

/** What the crowd got and what that cost the database, as text. */
export function report(got: readonly Got[], queries: number): string {
  const rows = [...byOutcome(got)].sort(([one], [other]) => rank(one) - rank(other)).map(row);
  return [
    table(['', 'clients', 'p50', 'p99'], [...rows, row(['together', got])]),
    '',
    `Report queries in Postgres: ${queries}`,
    ...(queries > 1
      ? ['  More than one: it was emptied meanwhile, or Redis was too slow, or these have none in common.']
      : []),
  ].join('\n');
}

export const isAnswered = (got: Got): boolean => !(got instanceof Error) && got.status === 200;

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['MISS', 'MISS: ran the handler'],
  ['MISS collapsed', 'MISS, collapsed: waited, and shares what that made'],
  ['HIT', 'HIT: found it stored'],
  ['STALE', 'STALE: had the one before, at once'],
]);
const ORDER = [...MEANINGS.keys()];
const rank = (outcome: string): number => (ORDER.includes(outcome) ? ORDER.indexOf(outcome) : ORDER.length);

function byOutcome(got: readonly Got[]): Map<string, Got[]> {
  const groups = new Map<string, Got[]>();
  for (const one of got) {
    const outcome = outcomeOf(one);
    const group = groups.get(outcome);
    if (group) group.push(one);
    else groups.set(outcome, [one]);
  }
  return groups;
}

function outcomeOf(got: Got): string {
  if (got instanceof Error) return got.message;
  if (got.status !== 200) return `status ${got.status}`;
  const collapsed = /;\s*collapsed\b/.test(got.cacheStatus ?? '');
  return `${got.cache ?? 'no cache'}${collapsed ? ' collapsed' : ''}`;
}

function row([outcome, got]: [string, readonly Got[]]): (string | number)[] {
  const times = got.flatMap((one) => (one instanceof Error ? [] : [one.ms]));
  return [MEANINGS.get(outcome) ?? outcome, got.length, ms(quantile(times, 0.5)), ms(quantile(times, 0.99))];
}
