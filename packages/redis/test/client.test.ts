import { Cache } from '@larder/core';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { redisTier } from '../src/index.ts';

describe('redisTier refuses when the app is built', () => {
  it.each([
    ['what is no URL of Redis', () => new Cache({ redis: redisTier('http://localhost') })],
    ['what is neither URL nor client', () => redisTier(7 as never)],
    ['a client of another library', () => redisTier({ pipeline() {} } as never)],
    ['an option that there is not', () => redisTier('redis://localhost', { prefix: 'a' } as never)],
    ['a place with a member that there is not', () => redisTier({ hostname: 'a' } as never)],
    [
      'Sentinels without the name of what they watch',
      () => redisTier({ sentinels: [{ host: 'a' }] } as never),
    ],
    ['no Sentinel', () => redisTier({ sentinels: [], name: 'a' })],
    ['a node of a Cluster without a host', () => redisTier({ cluster: [{ port: 1 }] } as never)],
    ['a database of a Cluster', () => redisTier({ cluster: [{ host: 'a' }], db: 1 } as never)],
    ...[
      { host: 5 },
      { host: 'a', port: '6379' },
      { host: 'a', port: 99_999_999 },
      { host: 'a', db: 'two' },
      { host: 'a', password: 5 },
      { host: 'a', tls: 'yes' },
      { path: '/a', host: 'a' },
      { cluster: [{ host: 'a', port: 'x' }] },
      { cluster: [{ host: 'a' }], natMap: 5 },
      { sentinels: [{ host: 'a', porr: 1 }], name: 'a' },
      'redis://a/abc',
      'redis://a?enableOfflineQueue=true',
      'redis://a:port',
    ].map((place): [string, () => unknown] => [JSON.stringify(place), () => redisTier(place as never)]),
    [
      'a Cluster that is read from its replicas',
      () => redisTier(new Cluster([{ port: 1 }], { lazyConnect: true, scaleReads: 'slave' })),
    ],
    ['a Sentinel’s replica', () => redisTier(new Redis({ lazyConnect: true, role: 'slave' }))],
    ['a breaker that opens at nothing', () => redisTier('redis://localhost', { breaker: { failures: 0 } })],
    ['a budget of nothing', () => redisTier('redis://localhost', { budgetMs: 0 })],
    [
      'a way of pipelining that there is not',
      () => redisTier('redis://localhost', { pipelining: 'auto' as never }),
    ],
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
