import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

const LOCK_MS = 10_000;
const POLL_MS = 50;
const PATIENCE_MS = 5000;
const UNLOCK = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/**
 * The recipe that NestJS apps are given: `SET NX` with a time limit elects one, the losers look for the value every
 * 50 ms and, out of patience, run the handler themselves. It is written out here because there is nothing to install:
 * `@nestjs/cache-manager` itself reads, runs the handler and writes (12.0.0), and protects from nothing.
 */
export async function lockAndPoll<T>(
  redis: Redis,
  { key, ttl, load }: { key: string; ttl: number; load: () => Promise<T> },
): Promise<T> {
  const read = async () => {
    const text = await redis.get(key);
    return text === null ? undefined : (JSON.parse(text) as T);
  };
  const cached = await read();
  if (cached !== undefined) return cached;

  const lock = `${key}:lock`;
  const token = randomUUID();
  if ((await redis.set(lock, token, 'PX', LOCK_MS, 'NX')) === 'OK') {
    try {
      const value = await load();
      await redis.set(key, JSON.stringify(value), 'EX', ttl);
      return value;
    } finally {
      await redis.eval(UNLOCK, 1, lock, token);
    }
  }

  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; ) {
    await sleep(POLL_MS);
    const filled = await read();
    if (filled !== undefined) return filled;
  }
  return load();
}
