import { Cache } from '@larder/core';
import { spawnRedis } from '@larder/servers';
import { expect, it, onTestFinished } from 'vitest';
import { redisTier } from '../src/index.ts';
import { client as clientOf, namespace } from './support/tier.ts';

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
  const refuse = (count: 0 | 1) => redis.config('SET', 'min-replicas-to-write', String(count));
  await ask();
  // Nobody waits for it to be stored.
  await expect.poll(() => redis.keys('*:e:*')).toHaveLength(1);
  expect(await ask()).toBe('load 1');
  await refuse(1);
  expect(await cache.invalidate('tag')).toEqual({ state: 'pending' });

  // Refused as well, and sent ahead of the read.
  const refused = cache.invalidate('another');
  let read = false;
  const reading = ask().finally(() => {
    read = true;
  });
  expect(await refused).toEqual({ state: 'pending' });
  await refuse(0);
  expect(await cache.invalidate('another')).toEqual({ state: 'done' });
  expect(read).toBe(false);
  expect(await reading).toBe('load 2');
});
