import { Cache, type CacheOptions, type Observer } from '@larder/core';
import { type ManualClock, manualClock } from '@larder/core/testing';
import { type LocalCluster, type LocalRedis, spawnCluster, spawnRedis } from '@larder/servers';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type RedisPlace, redisTier } from '../src/index.ts';
import { client, namespace } from './support/tier.ts';

const LAG_MS = 1000;
const HOUR = { ttl: 3600, tags: ['a'] };

interface Process {
  readonly cache: Cache;
  readonly clock: ManualClock;
  /** Reads of Redis so far. */
  asked(): number;
  /** Whether its memory answers alone. */
  leased(): boolean;
  load(value: string, options?: Parameters<Cache['getOrSet']>[1]): Promise<string>;
  /** Looks at the log once more, and has read it. */
  look(): Promise<void>;
}

const poll = <T>(what: () => T) => expect.poll(what, { timeout: 20_000, interval: 5 });

/** Who waits for a lock that others hold asks again when time has passed. */
async function ticking<T>(clock: ManualClock, waiting: Promise<T>): Promise<T> {
  const timer = setInterval(() => clock.advance(1), 1);
  return waiting.finally(() => clearInterval(timer));
}

/** A process as far as its cache goes, in which time passes when it is told to. */
async function start(place: RedisPlace, name: string, options: CacheOptions = {}): Promise<Process> {
  const clock = manualClock(Date.now());
  let asked = 0;
  let leased = false;
  const observe: Observer = (event) => {
    if (event.type === 'store-call' && event.operation === 'get') asked += 1;
    if (event.type === 'lease') leased = event.state === 'held';
  };
  const redis = redisTier(place);
  const cache = new Cache({ namespace: name, redis, clock, observe, ...options });
  onTestFinished(() => cache.close());
  const load = (value: string, how = HOUR as Parameters<Cache['getOrSet']>[1]) =>
    ticking(
      clock,
      cache.getOrSet('key', how, () => value),
    );
  const process: Process = {
    cache,
    clock,
    asked: () => asked,
    leased: () => leased,
    load,
    async look() {
      // Two of its looks are due in that time, and what the first reads is heard by then.
      clock.advance(LAG_MS / 3);
      await poll(() => {
        clock.advance(1);
        return leased;
      }).toBe(true);
    },
  };
  // Until its connection stands nothing is kept.
  await poll(async () => {
    await ticking(
      clock,
      cache.getOrSet('begin', { ttl: 1 }, () => 1),
    );
    clock.advance(LAG_MS / 3);
    return options.coherence === 'strict' ? asked > 0 : leased;
  }).toBe(true);
  return process;
}

/** Is given, unasked, what it was given before. */
async function answersAlone(process: Process, value: string): Promise<void> {
  const before = process.asked();
  expect(await process.load('another')).toBe(value);
  expect(process.asked()).toBe(before);
}

const tests = (place: () => RedisPlace, forget: (pattern: string) => Promise<void>) => {
  let name: string;
  let one: Process;
  let two: Process;
  beforeEach(async () => {
    name = namespace('lease');
    [one, two] = await Promise.all([start(place(), name), start(place(), name)]);
  });

  it('memory answers alone for as long as it follows, and not only for the lag', async () => {
    await one.load('first');
    // What Redis does not have by then, memory asks for once.
    one.clock.advance(LAG_MS);
    await one.load('another');
    await one.look();
    await one.load('another');
    for (let i = 0; i < 10; i += 1) {
      await one.look();
      await answersAlone(one, 'first');
    }
  });

  it('memory asks once it has not been able to follow for the lag', async () => {
    await one.load('first');
    one.clock.advance(LAG_MS);
    const before = one.asked();
    expect(await one.load('another')).toBe('first');
    expect(one.asked()).toBe(before + 1);
  });

  it('what one process invalidates another hears of, and keeps the rest', async () => {
    await one.load('first');
    await one.cache.getOrSet('other', { ttl: 3600, tags: ['b'] }, () => 'other');
    expect(await two.load('another')).toBe('first');
    expect(await two.cache.getOrSet('other', { ttl: 3600, tags: ['b'] }, () => 'another')).toBe('other');
    expect(await one.cache.invalidate('a')).toEqual({ state: 'done' });
    two.clock.advance(LAG_MS / 3);
    await poll(() => two.load('second')).toBe('second');
    const before = two.asked();
    expect(await two.cache.getOrSet('other', { ttl: 3600, tags: ['b'] }, () => 'another')).toBe('other');
    expect(two.asked()).toBe(before);
  });

  it('what the namespace loses at once is gone from the memory of all', async () => {
    await one.load('first');
    expect(await two.load('another')).toBe('first');
    await one.cache.invalidateAll();
    two.clock.advance(LAG_MS / 3);
    await poll(() => two.load('second')).toBe('second');
  });

  it('has everything in memory confirmed once when the log was lost, and goes on', async () => {
    await one.load('first');
    await forget(`larder:${name}:1:i*`);
    one.clock.advance(LAG_MS);
    const before = one.asked();
    expect(await one.load('another')).toBe('first');
    expect(one.asked()).toBe(before + 1);
    await one.look();
    await one.load('another');
    await answersAlone(one, 'first');
  });

  it('F27: nothing outlives in memory that everything in Redis was deleted', async () => {
    await one.load('first');
    await forget(`larder:${name}:*`);
    one.clock.advance(LAG_MS);
    expect(await one.load('second')).toBe('second');
  });

  it('what was softly invalidated is stale to others too, once they hear of it', async () => {
    const options = { ...HOUR, staleWhileRevalidate: 60 };
    await one.load('first', options);
    expect(await two.load('another', options)).toBe('first');
    expect(await one.cache.invalidate('a', { soft: true })).toEqual({ state: 'done' });
    two.clock.advance(LAG_MS / 3);
    // It is given while it is made anew, and then that.
    await poll(() => two.load('second', options)).toBe('second');
  });

  it('a strict process answers only what Redis confirms, and has no body sent again', async () => {
    const strict = await start(place(), name, { coherence: 'strict' });
    await one.load('first');
    expect(await strict.load('another')).toBe('first');
    const before = strict.asked();
    expect(await strict.load('another')).toBe('first');
    expect(strict.asked()).toBe(before + 1);
    await one.cache.invalidate('a');
    expect(await strict.load('second')).toBe('second');
  });

  it('a strict key is asked for in a process that is not', async () => {
    const options = { ...HOUR, coherence: 'strict' } as const;
    await one.load('first', options);
    expect(await two.load('another', options)).toBe('first');
    await one.cache.invalidate('a');
    expect(await two.load('second', options)).toBe('second');
  });

  it('a local process hears of nothing', async () => {
    const local = await start(place(), name, { coherence: 'local' });
    await one.load('first');
    expect(await local.load('another')).toBe('first');
    await one.cache.invalidate('a');
    await local.look();
    await answersAlone(local, 'first');
    await expect(local.cache.invalidate('a', { barrier: true })).rejects.toThrow('LARDER_INVALID_OPTIONS');
    await local.cache.invalidate('a');
    expect(await local.load('second')).toBe('second');
  });

  it('a barrier is passed when the memory of no process answers with it any more', async () => {
    await one.load('first');
    expect(await two.load('another')).toBe('first');
    let passed = false;
    const passing = one.cache.invalidate('a', { barrier: true }).then(() => {
      passed = true;
    });
    await poll(() => two.load('second').then((value) => value === 'second' || !passed)).toBe(true);
    two.clock.advance(LAG_MS);
    await poll(() => {
      one.clock.advance(100);
      return passed;
    }).toBe(true);
    await passing;
    expect(await two.load('second')).toBe('second');
  });
};

describe('on one Redis', () => {
  let server: LocalRedis;
  beforeAll(async () => {
    server = await spawnRedis();
  });
  afterAll(() => server?.stop());
  const forget = async (pattern: string) => {
    const redis = await client(server.url);
    await redis.unlink('', ...(await redis.keys(pattern)));
  };
  tests(() => server.url, forget);

  it('F23: memory follows without the connection that messages come on', async () => {
    const name = namespace('deaf');
    const [one, two] = await Promise.all([start(server.url, name), start(server.url, name)]);
    await one.load('first');
    expect(await two.load('another')).toBe('first');
    const redis = await client(server.url);
    await redis.client('KILL', 'TYPE', 'pubsub');
    await two.look();
    await answersAlone(two, 'first');
    await one.cache.invalidate('a');
    two.clock.advance(LAG_MS / 3);
    await poll(() => two.load('second')).toBe('second');
  });

  it('follows through a Redis that is full: what is in memory is confirmed, and invalidations count', async () => {
    const name = namespace('full');
    const [one, two] = await Promise.all([start(server.url, name), start(server.url, name)]);
    await one.load('first');
    expect(await two.load('another')).toBe('first');
    const redis = await client(server.url);
    await redis.config('SET', 'maxmemory', '1');
    onTestFinished(() => void redis.config('SET', 'maxmemory', '0'));
    expect(await one.cache.invalidate('a')).toEqual({ state: 'done' });
    two.clock.advance(LAG_MS);
    expect(await two.load('second')).toBe('second');
  });
});

describe('in a Cluster', () => {
  let cluster: LocalCluster;
  let eyes: Cluster;
  beforeAll(async () => {
    cluster = await spawnCluster({ replicas: 0 });
    eyes = new Cluster([...cluster.seeds]);
  });
  afterAll(async () => {
    eyes?.disconnect();
    await cluster?.stop();
  });
  const forget = async (pattern: string) => {
    const found = await Promise.all(eyes.nodes('master').map((node) => node.keys(pattern)));
    await Promise.all(found.flat().map((key) => eyes.unlink(key)));
  };
  tests(() => ({ cluster: cluster.seeds }), forget);
});
