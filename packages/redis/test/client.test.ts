import { Cache } from '@larder/core';
import { Cluster } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { redisTier } from '../src/index.ts';

describe('redisTier refuses when the app is built', () => {
  it.each([
    ['what is no URL of Redis', () => new Cache({ redis: redisTier('http://localhost') })],
    ['what is neither URL nor client', () => redisTier(7 as never)],
    ['a Cluster', () => redisTier(new Cluster([{ port: 1 }], { lazyConnect: true }) as never)],
    [
      'a prefix that would choose a cluster slot',
      () => redisTier('redis://localhost', { keyPrefix: '{a}:' }),
    ],
    [
      'a deadline of nothing',
      () => new Cache({ redis: redisTier('redis://localhost', { commandTimeoutMs: 0 }) }),
    ],
  ])('%s', (_, make) => expect(make).toThrow('LARDER_INVALID_OPTIONS'));
});

describe('without a Redis', () => {
  it('a cache answers all the same, and closes', async () => {
    const cache = new Cache({ redis: redisTier('redis://127.0.0.1:1') });
    expect(await cache.withCache('key', 60, async () => 'value')).toBe('value');
    expect(await cache.invalidate('tag')).toEqual({ state: 'pending' });
    await cache.close();
  });
});
