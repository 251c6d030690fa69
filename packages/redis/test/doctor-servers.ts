import type { Finding, Report } from '@larder/core';
import { spawnRedis } from '@larder/servers';
import type { Cluster, Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { examine } from '../src/doctor/examine.ts';
import type { About } from '../src/doctor/facts.ts';
import { client } from './support/tier.ts';

/** As a cache's Redis should be set. */
export const WELL_SET = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'];

/** A server of the test's own, and a client that may do everything there. */
export async function server(...args: string[]) {
  const redis = await spawnRedis({ args });
  onTestFinished(() => redis.stop());
  return { redis, url: redis.url, admin: await client(redis.url) };
}

/** What the doctor says of the cache `shop`. */
export const examined = (redis: Redis | Cluster, about: Partial<About> = {}): Promise<Report> =>
  examine(redis, { keyPrefix: 'larder:', namespace: 'shop', now: Date.now, ...about });

export async function finding(
  redis: Redis | Cluster,
  check: string,
  about?: Partial<About>,
): Promise<Finding> {
  const { findings } = await examined(redis, about);
  return findings.find((found) => found.check === check)!;
}

/** Entries as the cache would name them. */
export async function entries(redis: Redis, count: number, bytes = 2000): Promise<void> {
  const pipeline = redis.pipeline();
  for (let i = 0; i < count; i++) pipeline.set(`larder:shop:1:e:1:${i}`, 'v'.repeat(bytes), 'EX', 600);
  await pipeline.exec();
}

/** Keys that others rely on. */
export async function queue(redis: Redis, count: number): Promise<void> {
  const pipeline = redis.pipeline();
  for (let i = 0; i < count; i++) pipeline.hset(`bull:mail:${i}`, 'data', 'secret');
  await pipeline.exec();
}
