import { Cache } from '@larder/core';
import { redisTier } from '@larder/redis';
import { spawnRedis } from '@larder/servers';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { shop, text } from '../../support/shop.ts';
import { amount, takeTime } from '../support/intensity.ts';
import { PATIENT } from '../support/patient.ts';
import { clientOf, toldTo } from '../support/rig.ts';
import { poll, times } from '../support/shop.ts';

takeTime();

/** A cache that keeps nothing here: what it has is in Redis. */
async function onRedis() {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  const client = await clientOf(redis);
  const cache = new Cache({ namespace: 'many', memory: false, redis: redisTier(redis.url, PATIENT) });
  onTestFinished(() => cache.close());
  await poll(async () => (await cache.invalidate('nothing')).state).toBe('done');
  return { redis, client, cache };
}

/** So many entries, each with what is given as its tags. */
async function fill(cache: Cache, count: number, tagsOf: (i: number) => readonly string[]): Promise<void> {
  const left = times(count, (i) => i);
  const work = async () => {
    for (let i = left.pop(); i !== undefined; i = left.pop())
      await cache.getOrSet(`key ${i}`, { ttl: 600, tags: tagsOf(i) }, () => i);
  };
  await Promise.all(times(50, work));
}

const namesOf = (client: Redis, kind: 'e' | 't') => client.keys(`larder:many:1:${kind}:*`);

describe('F51: a tag of very many entries', () => {
  it('F51: takes no other commands to invalidate than a tag of one', async () => {
    const { redis, client, cache } = await onRedis();
    const count = amount(10_000, 100_000);
    await fill(cache, count, (i) => (i === 0 ? ['all', 'one'] : ['all']));
    await poll(async () => (await namesOf(client, 'e')).length).toBe(count);
    const heard = await toldTo(redis);
    /** Names of all that Redis does, within scripts too, until the test's own mark. */
    const invalidating = async (tag: string) => {
      const from = heard.length;
      expect(await cache.invalidate(tag)).toEqual({ state: 'done' });
      await client.echo(tag);
      const end = () => heard.findIndex(([name, mark], i) => i >= from && name === 'echo' && mark === tag);
      await poll(end).toBeGreaterThan(from);
      return heard.slice(from, end()).map(([name]) => name!.toLowerCase());
    };
    const one = await invalidating('one');
    expect(one).toContain('xadd');
    expect(await invalidating('all')).toEqual(one);
    // What carried it is there still, and nobody's any more.
    expect(await namesOf(client, 'e')).toHaveLength(count);
    for (const i of [0, 1, count - 1])
      expect(await cache.getOrSet(`key ${i}`, { ttl: 600, tags: ['all'] }, () => 'anew')).toBe('anew');
  });
});

describe('F52: more tags than anything has use for', () => {
  const TEN_THOUSAND = times(10_000, (i) => `tag-${i}`);

  it('F52: on one entry: what is loaded or invalidated by them is refused, and says how many there may be', async () => {
    const { cache } = await onRedis();
    const refused = { code: 'LARDER_INVALID_TAG', message: expect.stringContaining('at most 64') };
    await expect(cache.invalidate(TEN_THOUSAND)).rejects.toMatchObject(refused);
    const loading = cache.getOrSet('key', { ttl: 60, tags: TEN_THOUSAND }, () => 'value');
    await expect(loading).rejects.toMatchObject(refused);
  });

  it.each([
    ['its policy', () => TEN_THOUSAND, []],
    ['its handler', () => [], TEN_THOUSAND],
  ])(
    'F52: on one response, by %s: it is answered and not kept, and somebody is told why',
    async (_, tags, late) => {
      let runs = 0;
      const { ask, observer } = shop((app, larder) => {
        app.get('/', larder.cacheResponse({ ttl: 60, tags }), (_, res) => {
          runs += 1;
          res.cache?.tag(...late);
          res.send(`run ${runs}`);
        });
      });
      for (const run of [1, 2]) {
        const answer = await ask('/');
        expect([answer.status, text(answer)]).toEqual([200, `run ${run}`]);
        expect(String(observer.of('error').at(-1)!.error)).toContain('at most 64');
      }
    },
  );

  it('F52: of ever other names: each of their keys has an end', async () => {
    const { client, cache } = await onRedis();
    const tagsEach = 60;
    const entries = Math.ceil(amount(20_000, 1_000_000) / tagsEach);
    await fill(cache, entries, (i) => times(tagsEach, (tag) => `${i}-${tag}`));
    const names = await namesOf(client, 't');
    expect(names.length).toBeGreaterThan(entries * tagsEach);
    const all = [...names, ...(await namesOf(client, 'e'))];
    const pipeline = client.pipeline();
    for (const name of all) pipeline.pttl(name);
    const ends = (await pipeline.exec())!.map(([, ms]) => ms as number);
    expect(ends.filter((ms) => ms < 0)).toEqual([]);
  });
});
