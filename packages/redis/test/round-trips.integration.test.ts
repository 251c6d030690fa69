import { Cache, type CacheOptions, memoryStore } from '@larder/core';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RedisTierOptions, redisTier } from '../src/index.ts';
import { contextOf } from './support/context.ts';
import { valueEntry } from './support/entry.ts';
import { namespace, redisUrl } from './support/tier.ts';

/**
 * A client whose pipelines wait until everything has been asked that can be asked without their answers, and then
 * travel together: how often that happens is the number of round trips.
 */
async function counted() {
  const redis = new Redis(redisUrl(), { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
  onTestFinished(() => redis.disconnect());
  await redis.ping();
  const pipeline = redis.pipeline.bind(redis);
  let waiting: (() => void)[] = [];
  let trips = 0;
  let pipelines = 0;
  redis.pipeline = () => {
    const queued = pipeline();
    const exec = queued.exec.bind(queued);
    queued.exec = async () => {
      pipelines += 1;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return exec();
    };
    return queued;
  };
  /** What it took until the work was done. */
  const during = async (work: () => Promise<unknown>) => {
    [trips, pipelines] = [0, 0];
    let done = false;
    const working = work().finally(() => {
      done = true;
    });
    while (!done) {
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (done || waiting.length === 0) continue;
      trips += 1;
      const go = waiting;
      waiting = [];
      for (const send of go) send();
    }
    await working;
    const taken = { trips, pipelines };
    // What is stored behind an answer.
    for (let turn = 0; turn < 3; turn += 1) {
      for (const send of waiting.splice(0)) send();
      await redis.ping();
    }
    return taken;
  };
  return { redis, during };
}

const PATIENT: RedisTierOptions = { commandTimeoutMs: 20_000 };

async function cacheOn(options: Partial<CacheOptions> = {}) {
  const { redis, during } = await counted();
  const cache = new Cache({
    namespace: namespace('trips'),
    memory: false,
    redis: redisTier(redis, PATIENT),
    ...options,
  });
  // Scripts are known to the server from then on.
  await during(() => cache.withCache('before', 60, () => 1));
  onTestFinished(() => during(() => cache.close()).then(() => {}));
  return { cache, during };
}

describe('how often Redis is waited for', () => {
  it('once for a hit', async () => {
    const { cache, during } = await cacheOn();
    const ask = () => cache.getOrSet('key', { ttl: 60, tags: ['a', 'b', 'c'] }, () => 1);
    await during(ask);
    expect(await during(ask)).toEqual({ trips: 1, pipelines: 1 });
  });

  it('once for many hits that are asked for together, in one pipeline', async () => {
    const { cache, during } = await cacheOn();
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    const load = (missing: readonly string[]) => new Map(missing.map((key) => [key, key]));
    const ask = () => cache.getMany(keys, { ttl: 60, tags: ['a'] }, load);
    await during(ask);
    expect(await during(ask)).toEqual({ trips: 1, pipelines: 1 });
  });

  it('twice before a load: to look, and for the lock with another look and the epochs', async () => {
    const { cache, during } = await cacheOn();
    let looked = 0;
    const taken = await during(
      () =>
        new Promise<void>((resolve) => {
          void cache.getOrSet('key', { ttl: 60, tags: ['a'] }, () => {
            looked += 1;
            resolve();
          });
        }),
    );
    expect(looked).toBe(1);
    expect(taken.trips).toBe(2);
  });

  it('twice for a hit with a tag that who asks does not expect', async () => {
    const { redis, during } = await counted();
    const { store } = redisTier(redis, PATIENT).open(contextOf(namespace('unknown')));
    const entry = valueEntry({ tags: ['n:', 't:a'] });
    await during(async () => (await store.snapshot(entry.tags)).set(entry));
    expect(await during(() => store.get(entry.key, ['n:', 't:a']))).toEqual({ trips: 1, pipelines: 1 });
    expect(await during(() => store.get(entry.key, ['n:']))).toEqual({ trips: 2, pipelines: 2 });
  });

  it('once for an invalidation, of one tag or of five hundred', async () => {
    const { cache, during } = await cacheOn();
    expect((await during(() => cache.invalidate('a'))).trips).toBe(1);
    const tags = Array.from({ length: 60 }, (_, i) => `tag ${i}`);
    expect((await during(() => cache.invalidate(tags))).trips).toBe(1);
    expect((await during(() => cache.invalidateAll())).trips).toBe(1);
  });

  it('not at all for a hit in memory', async () => {
    const { cache, during } = await cacheOn({ memory: {} });
    const ask = () => cache.withCache('key', 60, () => 1);
    await during(ask);
    expect(await during(ask)).toEqual({ trips: 0, pipelines: 0 });
  });
});

describe('the body of a hit', () => {
  it('is a view of the bytes that came from Redis, and no copy', async () => {
    const redis = new Redis(redisUrl());
    onTestFinished(() => redis.disconnect());
    const frames: Buffer[] = [];
    const pipeline = redis.pipeline.bind(redis);
    redis.pipeline = () => {
      const queued = pipeline();
      const exec = queued.exec.bind(queued);
      queued.exec = async () => {
        const replies = await exec();
        for (const [, reply] of replies ?? []) if (reply instanceof Buffer) frames.push(reply);
        return replies;
      };
      return queued;
    };
    await redis.ping();
    const { store } = redisTier(redis, PATIENT).open(contextOf(namespace('view')));
    for (const size of [10, 100_000, 3_000_000]) {
      const entry = valueEntry({ key: `of ${size}`, body: Buffer.alloc(size, 'x') });
      await (await store.snapshot(entry.tags)).set(entry);
      const found = await store.get(entry.key, entry.tags);
      const body = found?.payload.kind === 'value' ? found.payload.body : undefined;
      const frame = frames.at(-1)!;
      expect(body?.length).toBe(size);
      expect(body?.buffer).toBe(frame.buffer);
      expect(body?.byteOffset).toBe(frame.byteOffset + frame.length - size);
    }
  });

  it.each([
    ['copied where memory would keep much more than it', 65_536, 100, 100],
    ['not copied where there is little around it', 65_536, 65_000, 65_536],
  ])('is %s', async (_, chunk, body, held) => {
    const memory = memoryStore({}, { namespace: 'own' });
    const entry = valueEntry({ body: Buffer.alloc(chunk, 'x').subarray(0, body) });
    await (await memory.snapshot(entry.tags)).set(entry);
    const kept = await memory.get(entry.key, entry.tags);
    expect(kept?.payload.kind === 'value' && kept.payload.body.buffer.byteLength).toBe(held);
  });
});
