import { Cache } from '@larder/core';
import { recordingObserver } from '@larder/core/testing';
import { spawnRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { redisTier } from '../src/index.ts';
import { contextOf } from './support/context.ts';
import { valueEntry } from './support/entry.ts';
import { client, namespace, redisUrl } from './support/tier.ts';

const MEGABYTE = 1024 * 1024;

describe('what is on its way to Redis', () => {
  it('is no more than it may be, however much is stored at a time, and comes down again', async () => {
    const redis = await client();
    const { store } = redisTier(redis, { commandTimeoutMs: 20_000, maxPendingBytes: 3 * MEGABYTE }).open(
      contextOf(namespace('pending')),
    );
    const entries = Array.from({ length: 40 }, (_, i) =>
      valueEntry({ key: `key ${i}`, body: Buffer.alloc(MEGABYTE - 1000, i) }),
    );
    const snapshot = await store.snapshot(entries[0]!.tags);
    const storeAll = () => Promise.allSettled(entries.map((entry) => snapshot.set(entry)));
    for (let round = 0; round < 2; round += 1) {
      const stored = await storeAll();
      expect(stored.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      const reasons = stored.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
      expect(new Set(reasons)).toEqual(new Set(['LARDER_STORE_SKIPPED']));
    }
  });

  it('is not an entry that is too large to be hit in time; memory keeps it', async () => {
    const { observe, of } = recordingObserver();
    const cache = new Cache({
      namespace: namespace('large'),
      redis: redisTier(await client(), { commandTimeoutMs: 20_000, maxEntryBytes: 1000 }),
      observe,
    });
    onTestFinished(() => cache.close());
    const ask = (bytes: number) => cache.withCache(`of ${bytes}`, 60, () => 'x'.repeat(bytes));
    await ask(100);
    await ask(2000);
    await ask(2000);
    expect(of('value').map(({ outcome }) => outcome)).toEqual(['miss', 'miss', 'hit']);
    await expect
      .poll(() => of('store-skip').map(({ operation, why }) => `${operation} ${why}`))
      .toEqual(['set large']);
  });
});

describe('a right that is missing inside a script', () => {
  it.each(['-pexpire', '-xadd'])('%s: is said, and nothing is called done', async (right) => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const admin = await client(server.url);
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', right);
    const warnings: string[] = [];
    const heard = (warning: Error & { code?: string }) => void warnings.push(warning.code ?? '');
    process.on('warning', heard);
    onTestFinished(() => void process.off('warning', heard));
    const redis = new Redis(server.url, {
      username: 'app',
      password: 'secret',
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
    onTestFinished(() => redis.disconnect());
    await redis.ping();
    const cache = new Cache({ redis: redisTier(redis, { commandTimeoutMs: 20_000 }) });
    onTestFinished(() => cache.close());
    expect(await cache.invalidate('a')).toEqual({ state: 'pending' });
    await expect.poll(() => warnings).toContain('LARDER_REDIS_DENIED');
  });
});

describe('a tier that is opened and closed again and again', () => {
  it('leaves nothing on a client that it was given', async () => {
    const redis = new Redis(redisUrl());
    onTestFinished(() => redis.disconnect());
    await redis.ping();
    const count = () => redis.eventNames().reduce((sum, name) => sum + redis.listenerCount(name), 0);
    const before = count();
    for (let i = 0; i < 20; i += 1) {
      const { store, lock } = redisTier(redis).open(contextOf(namespace('again')));
      await lock.close();
      await store.close();
    }
    expect(count()).toBe(before);
  });
});
