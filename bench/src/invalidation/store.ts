import { type Entry, type SharedContext, type Store, systemClock } from '@larder/core';
import { redisTier } from '@larder/redis';
import { Redis } from 'ioredis';

export interface Opened {
  readonly store: Store;
  readonly redis: Redis;
  close(): Promise<void>;
}

/** A namespace of its own in Redis. */
export async function open(url: string, namespace: string): Promise<Opened> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
  await redis.ping();
  const context: SharedContext = { namespace, clock: systemClock, observe() {}, off() {}, forgot() {} };
  const { store, lock } = redisTier(redis, { pipelining: 'tick', commandTimeoutMs: 60_000 }).open(context);
  return {
    store,
    redis,
    async close() {
      await Promise.all([store.close(), lock.close()]);
      redis.disconnect();
    },
  };
}

/** A value of so many bytes. */
export function valueEntry(key: string, tags: readonly string[], bytes: number): Entry {
  const until = Date.now() + 3_600_000;
  return {
    key,
    tags,
    retainUntil: until,
    payload: {
      kind: 'value',
      freshUntil: until,
      staleWhileRevalidateUntil: until,
      staleIfErrorUntil: until,
      costMs: 1,
      body: Buffer.alloc(bytes, 'x'),
    },
  };
}

/** Microseconds that each took. */
export async function timed(count: number, run: (i: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const began = process.hrtime.bigint();
    await run(i);
    took.push(Number(process.hrtime.bigint() - began) / 1000);
  }
  return took;
}
