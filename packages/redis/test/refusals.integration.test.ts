import { Cache } from '@larder/core';
import { recordingObserver } from '@larder/core/testing';
import { refuseWrites, spawnRedis } from '@larder/servers';
import { expect, it, onTestFinished } from 'vitest';
import { redisTier } from '../src/index.ts';
import { client as clientOf, namespace } from './support/tier.ts';

it('a server that has become a replica is turned away from by a cache that does nothing but invalidate', async () => {
  const server = await spawnRedis();
  onTestFinished(() => server.stop());
  const redis = await clientOf(server.url);
  const { observe, next } = recordingObserver();
  const ready = next('connection');
  const cache = new Cache({
    namespace: namespace('demoted'),
    redis: redisTier(server.url, { commandTimeoutMs: 20_000 }),
    observe,
  });
  onTestFinished(() => cache.close());
  expect(await ready).toMatchObject({ state: 'ready' });
  await redis.replicaof('127.0.0.1', '1');
  const left = next('connection');
  expect(await cache.invalidate('tag')).toEqual({ state: 'pending' });
  expect(await left).toMatchObject({ state: 'lost' });
});

/** It takes longer to inflate than Redis to answer some more. */
const LARGE = 48 * 1024 * 1024;

it('F46: what is out of date is not read after that was said, be it that Redis is told of it while the reply to a read is on its way', async () => {
  const server = await spawnRedis();
  onTestFinished(() => server.stop());
  const redis = await clientOf(server.url);
  let connected = () => {};
  const connection = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const cache = new Cache({
    namespace: namespace('late'),
    memory: false,
    redis: redisTier(server.url, { commandTimeoutMs: 20_000, compression: { algorithm: 'gzip', level: 1 } }),
    observe: ({ type }) => type === 'connection' && connected(),
  });
  onTestFinished(() => cache.close());
  await connection;
  let loads = 0;
  const ask = async () => {
    const load = () => {
      loads += 1;
      return `load ${loads} ${'.'.repeat(LARGE)}`;
    };
    return (await cache.getOrSet('key', { ttl: 60, tags: ['tag'] }, load)).split(' ', 2).join(' ');
  };
  await ask();
  // Nobody waits for it to be stored.
  await expect.poll(() => redis.keys('*:e:*')).toHaveLength(1);
  expect(await ask()).toBe('load 1');
  const accept = await refuseWrites(server);
  expect(await cache.invalidate('tag')).toEqual({ state: 'pending' });

  // Refused as well, and sent ahead of the read.
  const refused = cache.invalidate('another');
  let read = false;
  const reading = ask().finally(() => {
    read = true;
  });
  expect(await refused).toEqual({ state: 'pending' });
  await accept();
  expect(await cache.invalidate('another')).toEqual({ state: 'done' });
  expect(read).toBe(false);
  expect(await reading).toBe('load 2');
});
