import type { Facts } from '../src/doctor/facts.ts';
import { ourKeys } from '../src/doctor/our-keys.ts';

export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;

/** What INFO of a Redis tells that nothing is to be said of. */
const INFO = {
  redis_version: '8.4.0',
  cluster_enabled: '0',
  role: 'master',
  uptime_in_seconds: 3 * 86_400,
  connected_clients: 12,
  maxclients: 10_000,
  rejected_connections: 0,
  used_memory: 400 * MiB,
  used_memory_dataset: 320 * MiB,
  total_system_memory: 4 * GiB,
  maxmemory: GiB,
  maxmemory_policy: 'allkeys-lru',
  mem_fragmentation_ratio: 1.1,
  evicted_keys: 0,
  expired_keys: 5000,
  keyspace_hits: 95_000,
  keyspace_misses: 5000,
  aof_enabled: 0,
  rdb_last_bgsave_status: 'ok',
  db0: 'keys=1000,expires=1000,avg_ttl=60000',
};

export type Changes = Partial<Omit<Facts, 'info'>> & { info?: Record<string, string | number> };

/** The facts of a Redis in good order, but for what is given. */
export function facts({ info = {}, ...changes }: Changes = {}): Facts {
  const fields = Object.entries({ ...INFO, ...info }).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return {
    limits: { deadlineMs: 50, budgetMs: 60 },
    keys: ourKeys('larder:', 'shop'),
    line: { address: 'cache.internal:6379', loopback: false, encrypted: true, clustered: false },
    roundTripsMs: { told: Array(100).fill(0.4) },
    clock: { told: { aheadMs: 3, withinMs: 0.2 } },
    info: { told: new Map(fields) },
    save: { told: '' },
    login: { told: { name: 'larder', passwordless: false, anyCommand: false, anyKey: false } },
    slowCalls: { told: [] },
    sample: {
      told: {
        keys: 1000,
        visited: 1000,
        ours: Array.from({ length: 500 }, (_, i) => `larder:shop:1:e:1:${i}`),
      },
    },
    ttls: { told: Array(200).fill(60_000) },
    sizes: {
      told: Array.from({ length: 200 }, (_, i) => ({ name: `larder:shop:1:e:1:${i}`, bytes: 10_240 })),
    },
    ...changes,
  };
}

/** `tripsMs`: 98 PINGs that take nothing, and two that take that long: the 99th percentile. */
export const tripsMs = (ms: number): Pick<Facts, 'roundTripsMs'> => ({
  roundTripsMs: { told: [...Array(98).fill(0.4), ms, ms] },
});

export const plain = (loopback: boolean): Pick<Facts, 'line'> => ({
  line: { address: 'cache.internal:6379', loopback, encrypted: false, clustered: false },
});
