import { Cache, patternTag } from '@larder/core';
import { overhear, slotOf, spawnRedis, tcpProxy } from '@larder/servers';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RedisClient, type RedisPlace, type RedisTierOptions, redisTier } from '../src/index.ts';
import { aclRule, SWEEP_RIGHTS } from '../src/rights.ts';
import { useCluster } from './support/cluster.ts';
import { valueEntry } from './support/entry.ts';
import { cacheOn, LAG_MS, poll } from './support/process.ts';
import { client, namespace, openStore } from './support/tier.ts';

const TEXT: RedisTierOptions = { names: 'text', commandTimeoutMs: 20_000 };

/** Values under many keys, in a cache that is connected. */
async function filled(place: RedisPlace | RedisClient, keys: readonly string[], name = namespace('sweep')) {
  const cache = new Cache({ namespace: name, memory: false, redis: redisTier(place, TEXT) });
  onTestFinished(() => cache.close());
  // Until its connection stands nothing is kept.
  await poll(() => cache.invalidate('begin')).toEqual({ state: 'done' });
  let loads = 0;
  const ask = (made: string) =>
    cache.getMany(keys, { ttl: 600 }, async (missing) => {
      loads += missing.length;
      return new Map(missing.map((key) => [key, made]));
    });
  /** Nobody waits for what is loaded to be stored: until all of it is. */
  const keep = (made: string) =>
    poll(async () => {
      const before = loads;
      await ask(made);
      return loads - before;
    }).toBe(0);
  await keep('first');
  return { cache, name, ask, keep };
}

const numbered = (start: string, count: number) => Array.from({ length: count }, (_, i) => `${start}${i}`);
const keysOf = (count: number) => [...numbered('product:', count), ...numbered('user:', count)];
const sweptOf = (count: number) =>
  keysOf(count).map((key) => (key.startsWith('product:') ? 'second' : 'first'));
/** Of each kind, which is more than one page of names. */
const MANY = 750;
const FEW = 50;

describe('what a pattern matches', () => {
  it('is found page by page, by SCAN and never by KEYS, and its names are let go of by UNLINK', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const { cache, ask } = await filled(server.url, keysOf(MANY));
    const { commands, stop } = await overhear(server.url);
    onTestFinished(stop);
    const seen: number[] = [];
    const onProgress = ({ looked, of }: { looked: number; of: number }) => seen.push(looked / of);
    expect(await cache.invalidateMatching({ keys: 'product:*' }, { onProgress })).toEqual({
      state: 'done',
      found: MANY,
    });
    // All that was sent before it has been heard by then.
    await (await client(server.url)).echo('that was all');
    await poll(() => commands.some(([, word]) => word === 'that was all')).toBe(true);
    const names = commands.map(([name]) => name!.toLowerCase());
    expect(await ask('second')).toEqual(sweptOf(MANY));
    expect(names.filter((name) => name === 'scan').length).toBeGreaterThan(2);
    expect(names.filter((name) => name === 'unlink')).toHaveLength(MANY);
    expect(names.filter((name) => ['keys', 'flushdb', 'flushall', 'del'].includes(name))).toEqual([]);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  it('is found behind a prefix that means something in a pattern', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const redis = new Redis(server.url, { keyPrefix: 'a[b]*?\\:', maxRetriesPerRequest: 0 });
    onTestFinished(() => redis.disconnect());
    const { cache, ask } = await filled(redis, ['product:1', 'user:1']);
    expect(await cache.invalidateMatching({ keys: 'product:*' })).toEqual({ state: 'done', found: 1 });
    expect(await ask('second')).toEqual(['second', 'first']);
  });

  it('is found by a user who may do what the documentation says, and no more', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const admin = await client(server.url);
    const [, , ...rule] = aclRule('larder:', false).split(' ');
    const rights = SWEEP_RIGHTS.split(' ').filter((right) => !right.includes('cluster'));
    await admin.call('ACL', 'SETUSER', ...rule, ...rights);
    const place = { host: '127.0.0.1', port: server.port, username: 'larder', password: 'PASSWORD' };
    const { cache, ask } = await filled(place, ['product:1', 'user:1']);
    expect(await cache.invalidateMatching({ keys: 'product:*' })).toEqual({ state: 'done', found: 1 });
    expect(await ask('second')).toEqual(['second', 'first']);
    expect(await admin.call('ACL', 'LOG')).toEqual([]);
  });

  it('is not looked for by a user who may not, which is said and not tried again', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const admin = await client(server.url);
    await admin.call(
      'ACL',
      'SETUSER',
      'larder',
      'on',
      '>PASSWORD',
      'allkeys',
      'allchannels',
      '+@all',
      '-scan',
    );
    const place = { host: '127.0.0.1', port: server.port, username: 'larder', password: 'PASSWORD' };
    const { cache, ask } = await filled(place, ['product:1']);
    await expect(cache.invalidateMatching({ keys: '*' })).rejects.toThrow(/\+scan.*LARDER_INVALID_OPTIONS/);
    expect(await ask('second')).toEqual(['first']);
  });

  it('is gone from the memory of other processes, though Redis has lost what it is found by', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const name = namespace('memories');
    const [one, two] = [cacheOn(server.url, name, {}, TEXT), cacheOn(server.url, name, {}, TEXT)];
    await poll(async () => {
      await two.get('', 'begin', { ttl: 1 });
      two.clock.advance(LAG_MS / 3);
      return two.leased();
    }).toBe(true);
    await two.get('kept', 'user:1');
    await two.get('first', 'product:1');
    const redis = await client(server.url);
    await poll(() => redis.keys('*:t:=k:*:1')).toHaveLength(2);
    await redis.unlink(...(await redis.keys('*:t:=k:*:1')));
    await poll(() => one.cache.invalidateMatching({ keys: 'product:*' })).toEqual({
      state: 'done',
      found: 0,
    });
    two.clock.advance(LAG_MS / 3);
    await poll(() => two.get('second', 'product:1')).toBe('second');
    expect(await two.get('lost', 'user:1')).toBe('kept');
  });

  it('is not stored under a tag that is named while the walk has gone past where it would be', async () => {
    const name = namespace('late');
    const store = await openStore(name, undefined, TEXT);
    const redis = await client();
    await redis.mset(...numbered(`${name}:other:`, 10_000).flatMap((other) => [other, '']));
    onTestFinished(async () => {
      await redis.unlink(...numbered(`${name}:other:`, 10_000));
      await store.close();
    });
    const begun = await store.snapshot(['n:']);
    const late = valueEntry({ tags: ['n:', 't:late'] });
    let storing: Promise<boolean> | undefined;
    let pages = 0;
    let pagesByThen = 0;
    const looked = () => {
      pages += 1;
      storing ??= begun.set(late).finally(() => {
        pagesByThen = pages;
      });
    };
    await store.sweep(patternTag('t:', 'lat?'), { looked });
    expect(await storing).toBe(false);
    expect(pagesByThen).toBeLessThan(pages);
    expect(await store.get('key', late.tags)).toBeUndefined();
  });

  it('is not looked for where names are digests, which is said', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const cache = new Cache({ redis: redisTier(server.url) });
    onTestFinished(() => cache.close());
    await expect(cache.invalidateMatching({ keys: '*' })).rejects.toThrow(
      /names: 'text'.*LARDER_INVALID_OPTIONS/,
    );
  });
});

describe('a walk', () => {
  it('that is called off has invalidated what it had found, and leaves the rest', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const { cache, ask } = await filled(server.url, keysOf(MANY));
    const ending = new AbortController();
    let found = 0;
    const onProgress = (progress: { found: number }) => {
      found = progress.found;
      if (found > 0) ending.abort(new Error('enough'));
    };
    const sweeping = cache.invalidateMatching({ keys: 'product:*' }, { signal: ending.signal, onProgress });
    await expect(sweeping).rejects.toThrow('enough');
    const after = await ask('second');
    expect(after.filter((value) => value === 'second')).toHaveLength(found);
    expect(found).toBeLessThan(MANY);
  });

  it('that Redis does not see through to its end is pending, and done before anything it is for is read there', async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const proxy = await tcpProxy(server.port);
    onTestFinished(() => proxy.stop());
    const { cache, ask, keep } = await filled(proxy.url, keysOf(FEW));
    const onProgress = () => {
      proxy.refuse();
      proxy.cut();
    };
    const sweeping = cache.invalidateMatching({ keys: 'product:*' }, { onProgress });
    expect(await sweeping).toMatchObject({ state: 'pending' });
    await proxy.accept();
    // What it is not for comes out of Redis again, what it is for is made anew.
    await poll(async () => (await ask('second')).slice(FEW).includes('first')).toBe(true);
    expect((await ask('second')).slice(0, FEW)).not.toContain('first');
    // And is kept again, once the walk was done by somebody else than this call.
    await keep('second');
    expect((await ask('third')).slice(FEW)).toEqual(numbered('user:', FEW).map(() => 'first'));
  });
});

describe('in a Cluster', () => {
  const used = useCluster();
  const place = () => ({ cluster: used.cluster.seeds });

  it('all nodes are walked over', async () => {
    const { cache, ask } = await filled(place(), keysOf(FEW));
    expect(await cache.invalidateMatching({ keys: 'product:*' })).toEqual({ state: 'done', found: FEW });
    expect(await ask('second')).toEqual(sweptOf(FEW));
  });

  it('it is pending while names are on their way from one node to another, and may go round it', async () => {
    const { cache, ask, name } = await filled(place(), keysOf(FEW));
    const [known] = await used.names(`larder:${name}:1t:t:*=k:product:*`);
    const slot = slotOf(known!);
    const from = await used.cluster.primaryOf(slot);
    const to = used.cluster.nodes.find((node) => node !== from)!;
    let halfway!: () => void;
    let goOn!: () => void;
    const reached = new Promise<void>((resolve) => {
      halfway = resolve;
    });
    const paused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const pause = (at: string) => {
      if (at !== 'halfway') return;
      halfway();
      return paused;
    };
    const moving = used.cluster.moveSlot(slot, from, to, { pause });
    await reached;
    expect(await cache.invalidateMatching({ keys: 'product:*' })).toMatchObject({ state: 'pending' });
    goOn();
    await moving;
    await poll(async () => (await ask('second')).slice(FEW).includes('first')).toBe(true);
    expect((await ask('second')).slice(0, FEW)).not.toContain('first');
  });
});
