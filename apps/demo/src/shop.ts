import type { Clock } from '@larder/core';
import type { Larder } from '@larder/express';
import type { Express } from 'express';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { createApp } from './app.ts';
import { openCache } from './cache.ts';
import { Database } from './db/database.ts';
import { shopMetrics } from './http/metrics.ts';

export interface ShopOptions {
  /** Of a database that is ready: some of it is read at once. */
  readonly pool: pg.Pool;
  readonly redisUrl: string | undefined;
  readonly namespace?: string;
  /** The cache's; absent: the machine's. */
  readonly clock?: Clock | undefined;
}

export interface Shop {
  readonly app: Express;
  readonly larder: Larder;
  /** Lets go of the cache; the pool belongs to who made it. */
  close(): Promise<void>;
}

/** Everything between the servers and the listening socket. */
export function openShop({ pool, redisUrl, namespace = 'shop', clock }: ShopOptions): Shop {
  const register = new Registry();
  const metrics = shopMetrics(register);
  const database = new Database(pool, metrics.countQuery);
  const larder = openCache({ namespace, redisUrl, connections: pool.options.max, register, clock });
  const probe = redisUrl === undefined ? undefined : redisProbe(redisUrl);
  const app = createApp({
    database,
    larder,
    metrics,
    register,
    // Not counted: readiness checks are no work of the shop's.
    pingPostgres: () => pool.query('SELECT 1'),
    pingRedis: probe && (() => probe.ping()),
  });
  return {
    app,
    larder,
    async close() {
      probe?.disconnect();
      await larder.close();
    },
  };
}

/** A connection of its own: what the cache's connections are busy with is not what is being asked. */
function redisProbe(url: string): Redis {
  const probe = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, commandTimeout: 500 });
  // Said by /readyz; without a listener every attempt would be printed.
  probe.on('error', () => {});
  return probe;
}
