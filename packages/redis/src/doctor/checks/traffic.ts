import type { SlowCall } from '../facts.ts';
import { byNumbers, type Check, critical, judge, notice, ok, warning } from '../verdict.ts';
import { count, ms, number, percent } from '../words.ts';

const READS_THAT_TELL = 1000;

export const hitRatio: Check = byNumbers(['keyspace_hits', 'keyspace_misses'], (info) => {
  const { keyspace_hits: hits, keyspace_misses: misses } = info;
  const reads = hits + misses;
  if (reads < READS_THAT_TELL) return ok(`${count(reads, 'read')} of the whole server are too few to tell.`);
  const ratio = hits / reads;
  const says = `${percent(ratio)} of ${number(reads)} reads hit, of the whole server and whoever uses it.`;
  const fix =
    'Look at the ratio of each route in the metrics; longer TTLs, fewer variants, or more memory if keys are evicted.';
  if (ratio < 0.3) return critical(says, fix);
  if (ratio < 0.5) return warning(says, fix);
  return ratio < 0.8 ? notice(says, fix) : ok(says);
});

export const latency: Check = ({ roundTripsMs, limits: { deadlineMs, budgetMs } }) =>
  judge(roundTripsMs, (tripsMs) => {
    const [p50, p99] = [quantile(tripsMs, 0.5), quantile(tripsMs, 0.99)];
    const says = `From here a PING takes ${ms(p50)}, at the 99th percentile ${ms(p99)}`;
    const fix =
      'Bring app and Redis into one zone, and see what keeps either busy (slow-log, the event loop).';
    if (p99 >= deadlineMs) return critical(`${says}: over the deadline of ${ms(deadlineMs)}, a miss.`, fix);
    if (p99 * 2 > budgetMs) {
      return warning(`${says}: two of them do not fit into a request's ${ms(budgetMs)}.`, fix);
    }
    return p99 > deadlineMs / 5
      ? notice(`${says}, of a deadline of ${ms(deadlineMs)}.`, fix)
      : ok(`${says}.`);
  });

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1]!;

const RECENT_SECONDS = 3600;

/** One call at a time is what Redis does: whoever is slow makes everybody wait. */
export const slowLog: Check = ({ slowCalls, limits: { deadlineMs } }) =>
  judge(slowCalls, (calls) => {
    const recent = calls.filter(({ ageSeconds }) => ageSeconds <= RECENT_SECONDS);
    if (recent.length === 0) return ok('The slow log has no entry of the last hour.');
    const slowest = Math.max(...recent.map((call) => call.ms));
    const ours = recent.filter((call) => call.ours);
    const others = recent.filter((call) => !call.ours);
    const says =
      `The slow log has ${count(recent.length, 'entry', 'entries')} of the last hour, the longest ${ms(slowest)}: ` +
      `${commands('of this cache', ours)}, ${commands('of others', others)}.`;
    const fix =
      ours.length > 0
        ? 'Look at big-values and at what else keeps the machine busy.'
        : 'Move who runs them to another Redis, or have them ask for less at a time (SCAN for KEYS).';
    return slowest >= deadlineMs ? warning(says, fix) : notice(says, fix);
  });

function commands(whose: string, calls: readonly SlowCall[]): string {
  const names = [...new Set(calls.map(({ command }) => command))].sort();
  return `${number(calls.length)} ${whose}${names.length > 0 ? ` (${names.join(', ')})` : ''}`;
}

export const clients: Check = byNumbers(
  ['connected_clients', 'maxclients', 'rejected_connections'],
  (info) => {
    const { connected_clients: connected, maxclients, rejected_connections: rejected } = info;
    const says = `${number(connected)} of ${number(maxclients)} clients are connected`;
    const fix =
      'Raise maxclients (and the limit of open files), or find out who opens connections and keeps them.';
    if (connected >= maxclients * 0.95) return critical(`${says}.`, fix);
    if (rejected > 0)
      return warning(`${says}, and ${count(rejected, 'connection was', 'connections were')} rejected.`, fix);
    return connected >= maxclients * 0.8 ? warning(`${says}.`, fix) : ok(`${says}.`);
  },
);
