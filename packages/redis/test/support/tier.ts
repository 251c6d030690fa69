import type { Clock, Store } from '@larder/core';
import { systemClock } from '@larder/core';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { type RedisTierOptions, redisTier } from '../../src/index.ts';
import { contextOf } from './context.ts';
import { untilReady } from './ready.ts';

/** The server that the run was given. */
export function redisUrl(): string {
  const url = process.env.REDIS_URL;
  if (url === undefined) throw new Error('these tests need REDIS_URL, which their set-up gives them');
  return url;
}

/** Keeps the tests of one run, and one run from the next, out of each other's way. */
export const namespace = (place: string): string => `test-${process.pid}-${Date.now()}-${place}`;

/** A client of the test's own, connected, gone after the test. */
export async function client(url = redisUrl()): Promise<Redis> {
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  await redis.ping();
  return redis;
}

/** A store that waits until its connection is there. */
export async function openStore(
  place: string,
  clock: Clock = systemClock,
  options?: RedisTierOptions,
): Promise<Store> {
  const { store } = redisTier(redisUrl(), { commandTimeoutMs: 5000, ...options }).open(
    contextOf(place, clock),
  );
  await untilReady(store);
  return store;
}
