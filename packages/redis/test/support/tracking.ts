import type { CacheOptions } from '@larder/core';
import type { RedisClient, RedisPlace } from '../../src/index.ts';
import { type CacheProcess, cacheOn, LAG_MS, poll } from './process.ts';

export const TRACKING = { via: 'tracking' } as const;

export interface Process extends CacheProcess {
  load(value: string, key?: string): Promise<string>;
  /** Whether it asks Redis for what it answers. */
  asks(key?: string): Promise<boolean>;
}

/** Its memory answers alone. */
export async function start(
  place: RedisPlace | RedisClient,
  name: string,
  options: CacheOptions = {},
): Promise<Process> {
  const process = cacheOn(place, name, { coherence: TRACKING, ...options });
  const { clock, asked, leased, get } = process;
  const load = (value: string, key = 'key') => get(value, key);
  await poll(async () => {
    await load('', 'begin');
    clock.advance(LAG_MS / 3);
    return leased();
  }).toBe(true);
  return {
    ...process,
    load,
    async asks(key) {
      const before = asked();
      await load('asked for', key);
      return asked() > before;
    },
  };
}

/** Time passes in which nothing happens: what it has in memory is older than the lag, and it answers with it alone. */
export async function settles(process: Process, key?: string): Promise<void> {
  let left = 3 * LAG_MS;
  await poll(async () => {
    // Heard of its own store, it asks once more; after that it has no reason to.
    if (left > 0) process.clock.advance(50);
    left -= 50;
    const asked = await process.asks(key);
    if (asked) left = 3 * LAG_MS;
    return left <= 0 && process.leased() && !asked;
  }).toBe(true);
}
