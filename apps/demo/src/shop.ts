import type { Clock } from '@larder/core';
import type { Larder } from '@larder/express';
import { createOutbox, transactions } from '@larder/postgres';
import type { Express } from 'express';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { createApp } from './app.ts';
import { openCache } from './cache.ts';
import { Database } from './db/database.ts';
import { DiscountQueue } from './discounts/discount-queue.ts';
import { DiscountRepository } from './discounts/discount-repository.ts';
import { discounts } from './discounts/discounts.ts';
import { shopMetrics } from './http/metrics.ts';
import { shareRedis } from './redis.ts';

export interface ShopOptions {
  /** Of a database that is ready, and migrated for the namespace: some of it is read at once. */
  readonly pool: pg.Pool;
  readonly redisUrl: string | undefined;
  readonly namespace: string;
  /** What the cookies of carts are signed with, by all processes of one shop. */
  readonly sessionSecret: string;
  /** The cache's; absent: the machine's. */
  readonly clock?: Clock | undefined;
}

export interface Shop {
  readonly app: Express;
  readonly larder: Larder;
  /** Lets the job and the delivery under way end, then lets go of Redis; the pool belongs to who made it. */
  close(): Promise<void>;
}

/** Everything between the servers and the listening socket. */
export function openShop(options: ShopOptions): Shop {
  const { pool, redisUrl, namespace, sessionSecret, clock } = options;
  const register = new Registry();
  const metrics = shopMetrics(register);
  const database = new Database(pool, metrics.countQuery);
  const larder = openCache({ namespace, redisUrl, connections: pool.options.max, register, clock });
  const { cache } = larder;
  const outbox = createOutbox(pool, { caches: [cache] });
  const redis = redisUrl === undefined ? undefined : shareRedis(redisUrl, namespace);
  const queue = redis && new DiscountQueue(redis, discounts(new DiscountRepository(database), larder));
  const app = createApp({
    database,
    larder,
    transaction: transactions(pool, { cache, outbox }),
    metrics,
    register,
    redis,
    queue,
    sessionSecret,
    // Not counted: readiness checks are no work of the shop's.
    pingPostgres: () => pool.query('SELECT 1'),
    // What the cache's connections are busy with is not what is being asked.
    pingRedis: redis && (() => redis.client.ping()),
  });
  return {
    app,
    larder,
    async close() {
      // What both run writes to the cache, and the queue asks the client whether there is anybody to say goodbye to.
      await queue?.close();
      await outbox.close();
      await larder.close();
      redis?.client.disconnect();
    },
  };
}
