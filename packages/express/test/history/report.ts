import { BOUNDS, type Bound, type Findings } from './check.ts';

export interface Report extends Findings {
  readonly seed: number;
  readonly seconds: number;
  /** Requests whose process ended meanwhile. */
  readonly cut: number;
  readonly writes: Readonly<Record<string, number>>;
  /** How often each thing happened. */
  readonly mishaps: Readonly<Record<string, number>>;
}

export const total = (numbers: Iterable<number>): number => [...numbers].reduce((sum, n) => sum + n, 0);

export const readsOf = ({ during }: Findings): number =>
  total(Object.values(during).map(({ reads }) => reads));
export const hitsOf = ({ during }: Findings): number => total(Object.values(during).map(({ hits }) => hits));

const WHAT: Record<Bound, string> = {
  own: 'the writing process, at once',
  strict: 'strict routes, at once',
  barrier: 'behind a barrier, at once',
  others: `any process, after ${BOUNDS.others / 1e6} s`,
};

const percent = (part: number, whole: number): string => `${((100 * part) / (whole || 1)).toFixed(1)} %`;
const ms = (us: number): string => `${(us / 1000).toFixed(1)} ms`;

export function headline(report: Report): string {
  const [reads, hits] = [readsOf(report), hitsOf(report)];
  const { seed, seconds, cut, writes, violations, stale } = report;
  return [
    `History of seed ${seed}, ${seconds.toFixed(0)} s: ${reads} reads (${percent(hits, reads)} hits, ${stale} stale)`,
    `${total(Object.values(writes))} writes`,
    `${cut} requests cut`,
    `${violations.length} violations`,
  ].join(', ');
}

/** The headline and what is behind it. */
export function tableOf(report: Report): string {
  return [
    headline(report),
    ...columns('bound', ['checked', 'violations', 'stalest'], bounds(report)),
    ...columns('writes', ['count'], Object.entries(report.writes).sort()),
    ...columns('what happened', ['times', 'reads', 'hits', 'violations'], happened(report)),
    ...report.violations.slice(0, 20),
  ].join('\n');
}

type Line = readonly [name: string, ...values: (string | number)[]];

const bounds = (report: Report): Line[] =>
  (Object.keys(BOUNDS) as Bound[]).map((name) => {
    const { checked, violations, stalest } = report.bounds[name];
    return [WHAT[name], checked, violations, ms(stalest)];
  });

const happened = ({ during, mishaps }: Report): Line[] =>
  Object.entries(during).map(([name, { reads, hits, violations }]) => [
    name,
    mishaps[name] ?? '',
    reads,
    percent(hits, reads),
    violations,
  ]);

function columns(name: string, heads: readonly string[], lines: readonly Line[]): string[] {
  const width = Math.max(name.length, ...lines.map(([first]) => first.length));
  const row = ([first, ...values]: Line) =>
    `${first.padEnd(width)}${values.map((value) => String(value).padStart(12)).join('')}`;
  return ['', row([name, ...heads]), ...lines.map(row)];
}
