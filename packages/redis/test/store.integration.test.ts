import { decodeFrame, type Entry, memoryStore } from '@larder/core';
import { sharedStoreContract, storeContract, sweepContract } from '@larder/core/testing';
import { describe, expect, it } from 'vitest';
import { unfollowed } from '../../core/src/store/coherence.ts';
import { guardedStore } from '../../core/src/store/guarded.ts';
import { tieredStore } from '../../core/src/store/tiered.ts';
import { redisTier } from '../src/index.ts';
import { contextOf } from './support/context.ts';
import { valueEntry } from './support/entry.ts';
import { untilReady } from './support/ready.ts';
import { client, namespace, openStore, redisUrl } from './support/tier.ts';

const run = namespace('contract');

storeContract('Redis', (clock, place) => openStore(`${run}-${place}`, clock));
sharedStoreContract('Redis', (clock, place) => openStore(`${run}-s-${place}`, clock));
sweepContract('Redis', (clock, place) => openStore(`${run}-w-${place}`, clock, { names: 'text' }));
storeContract('memory in front of Redis', async (clock, place) =>
  tieredStore(
    memoryStore({}, { namespace: place, clock }),
    await openStore(`${run}-t-${place}`, clock),
    clock,
    unfollowed(1000),
  ),
);
storeContract('a guarded Redis', async (clock, place) =>
  guardedStore(await openStore(`${run}-g-${place}`, clock), {
    namespace: place,
    tier: 'redis',
    deadlineMs: 5000,
    budgetMs: 5000,
    clock,
    observe() {},
  }),
);

const entry = (key = 'key', tags = ['n:', 't:a']): Entry => valueEntry({ key, tags });

async function filled(place: string, stored = entry()) {
  const name = namespace(place);
  const store = await openStore(name);
  await (await store.snapshot(stored.tags)).set(stored);
  const redis = await client();
  const keys = async () => (await redis.keys(`larder:${name}:*`)).sort();
  return { store, redis, keys, name, [Symbol.asyncDispose]: () => store.close() };
}

describe('in Redis', () => {
  it('every key carries the namespace and a version, ends in a digest, and expires', async () => {
    await using it = await filled('keys', entry('{slot} key\r\n* ', ['n:', 't:{tag}\r\nDEL x']));
    const keys = await it.keys();
    expect(keys).toHaveLength(4);
    for (const key of keys) {
      expect(key.slice(`larder:${it.name}:`.length)).toMatch(/^1:(?:(?:e:4|t):[\w-]{43}|i)$/);
      expect(await it.redis.pttl(key)).toBeGreaterThan(0);
    }
    const entryKey = keys.find((key) => key.includes(':e:'))!;
    expect(await it.redis.pttl(entryKey)).toBeLessThanOrEqual(60_000);
  });

  it('a body is the bytes that it is', async () => {
    await using it = await filled('bytes');
    const frame = await it.redis.getBuffer((await it.keys()).find((key) => key.includes(':e:'))!);
    expect(frame?.subarray(-4)).toEqual(Buffer.from([0, 255, 10, 13]));
    expect(decodeFrame(frame!)).toMatchObject({ entry: { key: 'key' } });
  });

  it('an entry whose tag has lost its epoch, for whatever reason, is a miss', async () => {
    await using it = await filled('epoch');
    for (const epoch of (await it.keys()).filter((key) => key.includes(':t:'))) {
      const kept = await it.redis.get(epoch);
      await it.redis.del(epoch);
      expect(await it.store.get('key', ['n:', 't:a'])).toBeUndefined();
      await it.redis.set(epoch, kept!, 'PX', 10_000);
      expect(await it.store.get('key', ['n:', 't:a'])).toBeDefined();
    }
  });

  it('an entry of another type, cut short or written by somebody else is a miss, and is overwritten', async () => {
    await using it = await filled('corrupt');
    const key = (await it.keys()).find((name) => name.includes(':e:'))!;
    const frame = (await it.redis.getBuffer(key))!;
    const spoil = [
      () => it.redis.lpush(key, 'x'),
      () => it.redis.set(key, frame.subarray(0, 20)),
      () => it.redis.set(key, 'not a frame'),
      () => it.redis.set(key, Buffer.concat([frame, frame])),
    ];
    for (const write of spoil) {
      await it.redis.del(key);
      await write();
      expect(await it.store.get('key', ['n:'])).toBeUndefined();
      await (await it.store.snapshot(['n:', 't:a'])).set(entry());
      expect(await it.store.get('key', ['n:'])).toBeDefined();
    }
  });

  it('the right place with another key in it is a miss', async () => {
    await using it = await filled('planted');
    const keys = await it.keys();
    await (await it.store.snapshot(['n:', 't:a'])).set(entry('other'));
    const mine = keys.find((key) => key.includes(':e:'))!;
    const other = (await it.keys()).find((key) => key.includes(':e:') && key !== mine)!;
    await it.redis.set(mine, (await it.redis.getBuffer(other))!, 'PX', 60_000);
    expect(await it.store.get('key', ['n:'])).toBeUndefined();
    expect(await it.store.get('other', ['n:'])).toBeDefined();
  });

  it('invalidating removes one small key a tag, and leaves the entries to expire', async () => {
    await using it = await filled('invalidate');
    const before = await it.keys();
    await it.store.invalidate(['t:a']);
    const after = await it.keys();
    expect(before.filter((key) => !after.includes(key)).map((key) => key.split(':')[3])).toEqual(['t']);
  });

  it('a fill with late tags is not stored when the log of invalidations was lost meanwhile, or begun anew', async () => {
    await using it = await filled('log');
    const log = (await it.keys()).find((key) => key.endsWith(':i'))!;
    for (const lose of [
      () => it.redis.del(log),
      () => it.redis.del(log).then(() => it.store.invalidate(['t:x'])),
    ]) {
      const snapshot = await it.store.snapshot(['n:']);
      await lose();
      expect(await snapshot.set(entry('late', ['n:', 't:late']))).toBe(false);
      expect(await it.store.get('late', ['n:'])).toBeUndefined();
    }
  });

  it('a fill with late tags is stored through any number of invalidations of other tags', async () => {
    await using it = await filled('others');
    const snapshot = await it.store.snapshot(['n:']);
    for (let i = 0; i < 20; i += 1) await it.store.invalidate([`t:other-${i}`]);
    expect(await snapshot.set(entry('late', ['n:', 't:late']))).toBe(true);
    expect(await it.store.get('late', ['n:'])).toBeDefined();
  });

  it('a fill goes on when Redis is out of memory: nothing is stored, and invalidating still works', async () => {
    const { spawnRedis } = await import('@larder/servers');
    const server = await spawnRedis();
    try {
      const admin = await client(server.url);
      const { store } = redisTier(server.url, { commandTimeoutMs: 5000 }).open(contextOf('oom'));
      await untilReady(store);
      const snapshot = await store.snapshot(['n:', 't:a']);
      await snapshot.set(entry());
      await admin.config('SET', 'maxmemory', '1');
      await expect(snapshot.set(entry('more'))).rejects.toThrow('LARDER_STORE_FAILED');
      expect(await store.get('key', ['n:'])).toBeDefined();
      expect(await store.invalidate(['t:a'])).toBe('done');
      expect(await store.get('key', ['n:'])).toBeUndefined();
      await store.close();
    } finally {
      await server.stop();
    }
  });
});

describe('redisTier', () => {
  it('uses a client that the app made, with its prefix, and leaves it open', async () => {
    const redis = await client();
    redis.options.keyPrefix = 'app:';
    const name = namespace('handed');
    const { store } = redisTier(redis, { keyPrefix: 'cache:' }).open(contextOf(name));
    await (await store.snapshot(['n:', 't:a'])).set(entry());
    expect(await store.get('key', ['n:'])).toBeDefined();
    await store.close();
    expect(redis.status).toBe('ready');
    const other = await client(redisUrl());
    expect((await other.keys(`app:cache:${name}:*`)).length).toBe(4);
    expect((await other.keys(`cache:${name}:*`)).length).toBe(0);
  });
});
