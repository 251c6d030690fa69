import { Cache, type CacheOptions, type Observer } from '@larder/core';
import { type ManualClock, manualClock } from '@larder/core/testing';
import { expect, onTestFinished } from 'vitest';
import { type RedisClient, type RedisPlace, type RedisTierOptions, redisTier } from '../../src/index.ts';

/** Of all processes here. */
export const LAG_MS = 1000;
export const HOUR = { ttl: 3600, tags: ['a'] };

export const poll = <T>(what: () => T) => expect.poll(what, { timeout: 20_000, interval: 5 });

/** Who waits for a lock that others hold asks again when time has passed. */
export async function ticking<T>(clock: ManualClock, waiting: Promise<T>): Promise<T> {
  const timer = setInterval(() => clock.advance(1), 1);
  return waiting.finally(() => clearInterval(timer));
}

/** A process as far as its cache goes, in which time passes when it is told to. */
export interface CacheProcess {
  readonly cache: Cache;
  readonly clock: ManualClock;
  /** Reads of Redis so far. */
  asked(): number;
  /** Whether its memory answers alone. */
  leased(): boolean;
  get(value: string, key: string, options?: Parameters<Cache['getOrSet']>[1]): Promise<string>;
}

export function cacheOn(
  place: RedisPlace | RedisClient,
  namespace: string,
  options: CacheOptions,
  tier: RedisTierOptions = {},
): CacheProcess {
  const clock = manualClock(Date.now());
  let asked = 0;
  let leased = false;
  const observe: Observer = (event) => {
    if (event.type === 'store-call' && event.operation === 'get') asked += 1;
    if (event.type === 'lease') leased = event.state === 'held';
  };
  const cache = new Cache({ namespace, redis: redisTier(place, tier), clock, observe, ...options });
  onTestFinished(() => cache.close());
  return {
    cache,
    clock,
    asked: () => asked,
    leased: () => leased,
    get: (value, key, how = HOUR) =>
      ticking(
        clock,
        cache.getOrSet(key, how, () => value),
      ),
  };
}
