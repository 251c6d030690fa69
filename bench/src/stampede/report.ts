import { median } from '../median.ts';
import { WAYS, type WayName } from './ways.ts';

/** One stampede on one way. */
export interface Round {
  readonly runs: number;
  readonly atOnce: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly sendingMs: number;
  readonly failed: number;
  readonly bytes: number;
  readonly redisCalls: number;
}

/** Bytes above what the servers of the way had at rest, together. */
export interface Growth {
  readonly rss: number;
  readonly heap: number;
}

export interface Measured {
  readonly rounds: readonly Round[];
  readonly growth: Growth;
}

/** Of a list in order. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;

const HEAD = ['', 'handler runs', 'at once', 'p50', 'p99', 'longest', 'p99 / no cache', 'failed'].concat([
  'peak RSS',
  'heap kept',
  'a response',
  'Redis calls',
]);

/** A Markdown table: times also as multiples of the handler's own, and of what no cache takes. */
export function table(measured: ReadonlyMap<WayName, Measured>, handlerMs: number): string {
  const baseline = measured.get('none');
  const p99 = baseline && median(baseline.rounds.map((round) => round.p99));
  const rows = [...measured].map(([way, one]) => row(way, one, handlerMs, p99));
  const lines = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(HEAD), rule, ...rows.map(line)].join('\n');
}

function row(way: WayName, { rounds, growth }: Measured, handlerMs: number, baseline?: number): string[] {
  const of = (pick: (round: Round) => number) => rounds.map(pick);
  const time = (pick: (round: Round) => number) => {
    const ms = median(of(pick));
    return `${ms.toFixed(0)} ms (${(ms / handlerMs).toFixed(1)} ×)`;
  };
  return [
    WAYS[way].title,
    spread(of((round) => round.runs)),
    spread(of((round) => round.atOnce)),
    time((round) => round.p50),
    time((round) => round.p99),
    time((round) => round.longest),
    baseline === undefined ? '' : `${(median(of((round) => round.p99)) / baseline).toFixed(2)} ×`,
    spread(of((round) => round.failed)),
    megabytes(growth.rss),
    megabytes(growth.heap),
    `${(median(of((round) => round.bytes)) / 1024).toFixed(2)} KB`,
    count(median(of((round) => round.redisCalls))),
  ];
}

/** All that it came to, for a count of which a median would hide the worst. */
function spread(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? count(most) : `${count(least)}–${count(most)}`;
}

const count = (number: number): string => Math.round(number).toLocaleString('en');

const megabytes = (bytes: number): string => `${bytes < 0 ? '' : '+'}${(bytes / 2 ** 20).toFixed(0)} MB`;
