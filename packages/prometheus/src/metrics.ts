import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { HitRatios } from './hit-ratios.ts';

/** From a tenth of a millisecond, a hit in memory, to ten seconds. */
const SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const NODE: ('namespace' | 'tier' | 'node')[] = ['namespace', 'tier', 'node'];

export type Metrics = ReturnType<typeof metricsIn>;

/** Every metric there is, registered. */
export function metricsIn(register: Registry, prefix: string, ratios: HitRatios) {
  const common = <L extends string>(name: string, help: string, labelNames: L[]) => ({
    name: `${prefix}${name}`,
    help,
    labelNames,
    registers: [register],
  });
  new Gauge({
    ...common('hit_ratio', 'Answered from the cache, of what could have been, since the start.', [
      'namespace',
      'kind',
    ]),
    collect() {
      for (const { namespace, kind, ratio } of ratios.all()) this.set({ namespace, kind }, ratio);
    },
  });
  return {
    requests: new Counter(
      common('requests_total', 'Requests by route pattern and how the cache handled them.', [
        'namespace',
        'route',
        'outcome',
      ]),
    ),
    requestSeconds: new Histogram({
      ...common('request_seconds', 'Time until a request was answered.', ['namespace', 'outcome']),
      buckets: SECONDS,
    }),
    values: new Counter(common('values_total', 'Values asked for, by outcome.', ['namespace', 'outcome'])),
    refreshes: new Counter(
      common('refreshes_total', 'Made anew with nobody waiting, by why and how it ended.', [
        'namespace',
        'reason',
        'outcome',
      ]),
    ),
    storeSeconds: new Histogram({
      ...common('store_call_seconds', 'Time a call of a shared store took.', [
        'namespace',
        'tier',
        'operation',
      ]),
      buckets: SECONDS,
    }),
    storeErrors: new Counter(
      common('store_errors_total', 'Calls of a shared store that failed.', [
        'namespace',
        'tier',
        'operation',
      ]),
    ),
    storeSkips: new Counter(
      common('store_skips_total', 'Calls of a shared store that were not made, by why.', [
        'namespace',
        'tier',
        'operation',
        'why',
      ]),
    ),
    breaker: new Gauge(
      common('breaker_state', 'Whether a node is asked: 0 it is, 1 once to see, 2 it is not.', NODE),
    ),
    connected: new Gauge(common('store_connected', 'Whether the connection to a node stands.', NODE)),
    leased: new Gauge(
      common('memory_leased', 'Whether memory may answer alone: it follows what others invalidate.', [
        'namespace',
        'tier',
      ]),
    ),
    unreadable: new Counter(
      common('unreadable_total', 'Entries in a shared store that could not be read, by why.', [
        'namespace',
        'tier',
        'reason',
      ]),
    ),
    pending: new Gauge(
      common('invalidations_pending', 'Tags that a shared store has not been told of yet.', [
        'namespace',
        'tier',
      ]),
    ),
    disabled: new Gauge(
      common('disabled', 'Whether this process knows the cache to be turned off.', ['namespace']),
    ),
    entries: new Gauge(common('entries', 'Entries held.', ['namespace', 'tier'])),
    bytes: new Gauge(common('bytes', 'Bytes held.', ['namespace', 'tier'])),
    removals: new Counter(
      common('removals_total', 'Entries removed, by cause.', ['namespace', 'tier', 'cause']),
    ),
    invalidations: new Counter(
      common('invalidations_total', 'Invalidations, by how far they came.', ['namespace', 'delivery']),
    ),
    errors: new Counter(
      common('errors_total', 'Mistakes in policies, tags and values, by what was being done.', [
        'namespace',
        'doing',
      ]),
    ),
  };
}
