import { Cache, type Tag } from '@larder/core';
import {
  type Connection,
  type LocalRedis,
  SILENCE,
  spawnRedis,
  spawnSentinel,
  tcpProxy,
} from '@larder/servers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { redisTier } from '../src/index.ts';
import { redisKeys } from '../src/keys.ts';
import { LAG_MS, poll } from './support/process.ts';
import { client, namespace } from './support/tier.ts';
import { type Process, settles, start, TRACKING } from './support/tracking.ts';

describe('on one Redis', () => {
  let server: LocalRedis;
  let operator: Redis;
  let name: string;
  let one: Process;
  let two: Process;

  beforeAll(async () => {
    server = await spawnRedis();
  });
  afterAll(() => server?.stop());

  beforeEach(async () => {
    name = namespace('tracking');
    operator = await client(server.url);
    [one, two] = await Promise.all([start(server.url, name), start(server.url, name)]);
    await one.load('first');
    await Promise.all([settles(one), settles(two)]);
    expect(await two.load('another')).toBe('first');
  });

  const recordOf = async (kind: 'e' | 't') =>
    (await operator.keys(`larder:${name}:1:${kind}:*`)) as [string, ...string[]];
  const epochOf = (tag: Tag) =>
    redisKeys({ prefix: 'larder:', namespace: name, spread: false, names: 'digest' }).epoch(tag, 'key');
  /** A key that both have, and that is changed last: once it is missed, all that was told before it was heard. */
  async function hasHeard(process: Process): Promise<void> {
    await settles(process, 'begin');
    const before = new Set(await recordOf('e'));
    await one.load('witness', 'witness');
    const [witness] = (await recordOf('e')).filter((record) => !before.has(record));
    await settles(process, 'witness');
    await operator.del(witness!);
    await poll(() => process.load('gone', 'witness')).not.toBe('witness');
  }

  it.each<[string, (record: string) => Promise<unknown>]>([
    ['DEL', (record) => operator.del(record)],
    ['UNLINK', (record) => operator.unlink(record)],
    ['EXPIRE 0', (record) => operator.expire(record, 0)],
    ['SET', (record) => operator.set(record, 'something else')],
    ['RENAME', (record) => operator.rename(record, 'elsewhere')],
  ])('an entry that an operator takes away by %s is gone from every memory at once', async (_, take) => {
    await Promise.all((await recordOf('e')).map(take));
    await poll(() => two.load('second')).toBe('second');
    await poll(() => one.load('another')).toBe('second');
  });

  it('what carries a tag falls with the epoch that an operator deletes, and nothing else does', async () => {
    const other = () => two.cache.getOrSet('other', { ttl: 3600, tags: ['b'] }, () => 'another');
    await one.cache.getOrSet('other', { ttl: 3600, tags: ['b'] }, () => 'other');
    await poll(other).toBe('other');
    await settles(two);
    expect(await operator.del(epochOf('t:a'))).toBe(1);
    await poll(() => two.load('second')).toBe('second');
    expect(await other()).toBe('other');
    await poll(() => one.load('another')).toBe('second');
  });

  it('F27: everything falls with FLUSHALL', async () => {
    await operator.flushall();
    await poll(() => two.load('second')).toBe('second');
    await poll(() => one.load('another')).toBe('second');
  });

  it('everything is confirmed once where everything in some database was deleted', async () => {
    await operator.select(9);
    await operator.flushdb();
    await poll(() => two.asks()).toBe(true);
    expect(await two.load('another')).toBe('first');
    await settles(two);
  });

  it('F23: what was deleted while it heard nothing is not in memory when it hears again', async () => {
    await operator
      .multi()
      .client('KILL', 'TYPE', 'pubsub')
      .del(await recordOf('e'))
      .exec();
    await poll(() => two.load('second')).toBe('second');
    await poll(() => one.load('another')).toBe('second');
    await settles(two);
    expect(await two.load('another')).toBe('second');
  });

  it('what another process has filled takes the place of a copy', async () => {
    one.clock.advance(3_601_000);
    expect(await one.load('second')).toBe('second');
    await poll(() => two.load('another')).toBe('second');
  });

  it('a further fill with a tag that they share leaves the copies of others where they are', async () => {
    await one.load('other', 'other');
    await hasHeard(two);
    expect(await two.asks()).toBe(false);
    expect(await two.load('another')).toBe('first');
  });

  it('a fill in whose time an operator deletes the epoch of its tag is kept nowhere', async () => {
    const filling = one.cache.getOrSet('slow', { ttl: 3600, tags: ['c'] }, async () => {
      await poll(async () => operator.exists(epochOf('t:c'))).toBe(1);
      await operator.del(epochOf('t:c'));
      await settles(one);
      return 'old';
    });
    expect(await filling).toBe('old');
    expect(await one.cache.getOrSet('slow', { ttl: 3600, tags: ['c'] }, () => 'new')).toBe('new');
  });
});

it('F24: memory asks again while the connection hangs, and no longer than that', async () => {
  const server = await spawnRedis();
  onTestFinished(() => server.stop());
  const proxy = await tcpProxy(server.port);
  onTestFinished(() => proxy.stop());
  const trackers = new Set<Connection>();
  proxy.tap(({ connection, name, args }) => {
    if (name === 'client' && args[0] === 'TRACKING') trackers.add(connection);
  });
  const two = await start(proxy.url, 'hung');
  const operator = await client(server.url);
  await two.load('first');
  await settles(two);
  const lift = proxy.impose(SILENCE, (connection) => trackers.has(connection));
  await operator.del(await operator.keys('larder:hung:1:e:*'));
  expect(await two.load('another')).toBe('first');
  // The log is followed all the while.
  await poll(() => {
    two.clock.advance(5);
    return two.load('second');
  }).toBe('second');
  expect(two.leased()).toBe(false);
  lift();
  await settles(two);
  expect(await two.load('another')).toBe('second');
});

it('names are as the client of the app makes them', async () => {
  const server = await spawnRedis();
  onTestFinished(() => server.stop());
  const redis = new Redis(server.url, {
    keyPrefix: 'app:',
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  });
  onTestFinished(() => redis.disconnect());
  const process = await start(redis as never, 'prefixed');
  await process.load('first');
  await settles(process);
  const operator = await client(server.url);
  const records = await operator.keys('app:larder:prefixed:1:e:*');
  expect(records.length).toBeGreaterThan(0);
  await operator.del(records);
  await poll(() => process.load('second')).toBe('second');
});

it('follows a failover to the new primary', async () => {
  const sentinels = await spawnSentinel();
  onTestFinished(() => sentinels.stop());
  const place = {
    name: sentinels.name,
    sentinels: sentinels.sentinels.map(({ host, port }) => ({ host, port })),
  };
  const process = await start(place, 'failover');
  const before = await sentinels.primary();
  await before.stop();
  await poll(async () => (await sentinels.primary()).port).not.toBe(before.port);
  const operator = await client((await sentinels.primary()).url);
  // What it asked for to begin with may have come there, or not.
  const begun = await operator.keys('larder:failover:1:e:*');
  await poll(async () => {
    process.clock.advance(LAG_MS / 3);
    await process.load('first');
    return (await operator.keys('larder:failover:1:e:*')).length;
  }).toBe(begun.length + 1);
  await settles(process);
  await operator.del(await operator.keys('larder:failover:1:e:*'));
  await poll(() => process.load('second')).toBe('second');
}, 120_000);

it('is refused in a Cluster where the cache is made', () => {
  const redis = redisTier({ cluster: [{ host: '127.0.0.1', port: 1 }] });
  expect(() => new Cache({ redis, coherence: TRACKING })).toThrow(
    /coherence\.via.*'log'.*LARDER_INVALID_OPTIONS/,
  );
});
