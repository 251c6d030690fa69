import type { BreakerState, CacheEvent, Observer } from '@larder/core';
import { register as globalRegistry, type Registry } from 'prom-client';
import { HitRatios } from './hit-ratios.ts';
import { type Metrics, metricsIn } from './metrics.ts';
import { outcomeOf } from './outcome.ts';
import { boundedRoutes } from './routes.ts';

export interface PrometheusOptions {
  /** Where the metrics are registered. Default: prom-client's global registry. */
  readonly register?: Registry;
  /** Put in front of every name. Default `larder_`. */
  readonly prefix?: string;
  /** Routes counted by name; further ones are counted together. Default 200. */
  readonly maxRoutes?: number;
}

export interface PrometheusObserver {
  /** For `createLarder({ observe })`; one observer may serve several caches. */
  readonly observe: Observer;
}

/** Counts what a cache does, by route pattern and never by key or URL. */
export function prometheusObserver(options: PrometheusOptions = {}): PrometheusObserver {
  const { register = globalRegistry, prefix = 'larder_', maxRoutes = 200 } = options;
  const ratios = new HitRatios();
  const recorders = recordersFor(metricsIn(register, prefix, ratios), ratios, boundedRoutes(maxRoutes));
  return { observe: (event) => (recorders[event.type] as (event: CacheEvent) => void)(event) };
}

const BREAKER: Record<BreakerState, number> = { closed: 0, 'half-open': 1, open: 2 };

type Recorders = { [T in CacheEvent['type']]: (event: Extract<CacheEvent, { type: T }>) => void };

function recordersFor(metrics: Metrics, ratios: HitRatios, route: (pattern: string) => string): Recorders {
  return {
    request({ namespace, status, seconds, ...event }) {
      const outcome = outcomeOf(status);
      metrics.requests.inc({ namespace, route: route(event.route), outcome });
      metrics.requestSeconds.observe({ namespace, outcome }, seconds);
      ratios.count(namespace, 'responses', outcome);
    },
    value({ namespace, outcome }) {
      metrics.values.inc({ namespace, outcome });
      ratios.count(namespace, 'values', outcome);
    },
    refresh({ namespace, reason, outcome }) {
      metrics.refreshes.inc({ namespace, reason, outcome });
    },
    store({ namespace, tier, bytes }) {
      metrics.entries.inc({ namespace, tier });
      metrics.bytes.inc({ namespace, tier }, bytes);
    },
    remove({ namespace, tier, bytes, cause }) {
      metrics.entries.dec({ namespace, tier });
      metrics.bytes.dec({ namespace, tier }, bytes);
      metrics.removals.inc({ namespace, tier, cause });
    },
    invalidate({ namespace, delivery }) {
      metrics.invalidations.inc({ namespace, delivery });
    },
    'store-call'({ namespace, tier, operation, seconds, error }) {
      metrics.storeSeconds.observe({ namespace, tier, operation }, seconds);
      if (error !== undefined) metrics.storeErrors.inc({ namespace, tier, operation });
    },
    'store-skip'({ namespace, tier, operation, why }) {
      metrics.storeSkips.inc({ namespace, tier, operation, why });
    },
    breaker({ namespace, tier, node, state }) {
      metrics.breaker.set({ namespace, tier, node }, BREAKER[state]);
    },
    connection({ namespace, tier, node, state }) {
      metrics.connected.set({ namespace, tier, node }, state === 'ready' ? 1 : 0);
    },
    lease({ namespace, tier, state }) {
      metrics.leased.set({ namespace, tier }, state === 'held' ? 1 : 0);
    },
    unreadable({ namespace, tier, reason }) {
      metrics.unreadable.inc({ namespace, tier, reason });
    },
    pending({ namespace, tier, tags }) {
      metrics.pending.set({ namespace, tier }, tags);
    },
    switch({ namespace, on }) {
      metrics.disabled.set({ namespace }, on ? 0 : 1);
    },
    error({ namespace, doing }) {
      metrics.errors.inc({ namespace, doing });
    },
  };
}
