import type { Cache, CacheOptions } from '@larder/core';
import { type LocalRedis, spawnRedis } from '@larder/servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RedisPlace } from '../src/index.ts';
import { useCluster } from './support/cluster.ts';
import { type CacheProcess, cacheOn, HOUR, LAG_MS, poll } from './support/process.ts';
import { client, namespace } from './support/tier.ts';

interface Process extends CacheProcess {
  load(value: string, options?: Parameters<Cache['getOrSet']>[1]): Promise<string>;
  /** Looks at the log once more, and has read it. */
  look(): Promise<void>;
}

async function start(place: RedisPlace, name: string, options: CacheOptions = {}): Promise<Process> {
  const process = cacheOn(place, name, options);
  const { clock, asked, leased, get } = process;
  // Until its connection stands nothing is kept.
  await poll(async () => {
    await get('', 'begin', { ttl: 1 });
    clock.advance(LAG_MS / 3);
    return options.coherence === 'strict' ? asked() > 0 : leased();
  }).toBe(true);
  return {
    ...process,
    load: (value, how) => get(value, 'key', how),
    async look() {
      // Two of its looks are due in that time, and what the first reads is heard by then.
      clock.advance(LAG_MS / 3);
      await poll(() => {
        clock.advance(1);
        return leased();
      }).toBe(true);
    },
  };
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
    // It is given while it is made anew, and then that; what fails on a busy machine is tried again after a while.
    await poll(() => {
      two.clock.advance(LAG_MS / 10);
      return two.load('second', options);
    }).toBe('second');
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

  it('asks a full Redis for a log at each look, and tells nobody to look again', async () => {
    const name = namespace('room');
    const one = await start(server.url, name);
    const [redis, listener] = await Promise.all([client(server.url), client(server.url)]);
    const news = `larder:${name}:1:n`;
    const heard: string[] = [];
    listener.on('message', (_, message) => heard.push(message));
    await listener.subscribe(news);
    await redis.config('SET', 'maxmemory', '1');
    onTestFinished(() => void redis.config('SET', 'maxmemory', '0'));
    await redis.config('RESETSTAT');
    await forget(`larder:${name}:1:i`);
    one.clock.advance(LAG_MS / 3);
    // It has tried to begin one.
    await poll(() => redis.info('commandstats')).toMatch(/cmdstat_evalsha:calls=[1-9]/);
    await redis.publish(news, 'that was all');
    await poll(() => heard).toContain('that was all');
    expect(heard).toEqual(['that was all']);
  });
});

describe('in a Cluster', () => {
  const used = useCluster();
  const forget = async (pattern: string) => {
    await Promise.all((await used.names(pattern)).map((key) => used.eyes.unlink(key)));
  };
  tests(() => ({ cluster: used.cluster.seeds }), forget);
});
