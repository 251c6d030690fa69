import { describe, expect, it, vi } from 'vitest';
import { Cache } from '../../src/index.ts';
import { processes } from '../support/processes.ts';

const loadAll = () =>
  vi.fn(async (keys: readonly string[]) => new Map(keys.map((key) => [key, key.toUpperCase()])));

describe('several values at once', () => {
  it('come in the order of their keys, loaded in one call', async () => {
    const cache = new Cache();
    const load = loadAll();
    expect(await cache.getMany(['b', 'a', 'c'], { ttl: 60 }, load)).toEqual(['B', 'A', 'C']);
    expect(load.mock.calls).toEqual([[['b', 'a', 'c']]]);
  });

  it('are loaded only where they are missing, and are the same as one by one', async () => {
    const cache = new Cache();
    const load = loadAll();
    await cache.withCache('a', 60, () => 'one by one');
    expect(await cache.getMany(['a', 'b'], { ttl: 60 }, load)).toEqual(['one by one', 'B']);
    expect(load.mock.calls).toEqual([[['b']]]);
    expect(await cache.withCache('b', 60, () => 'again')).toBe('B');
  });

  it('are loaded once by those who ask at the same time, in other processes too', async () => {
    const { caches } = processes(2);
    const loads = caches.map(loadAll);
    const asked = caches.map((cache, i) => cache.getMany(['a', 'b', 'c'], { ttl: 60 }, loads[i]!));
    expect(await Promise.all(asked)).toEqual(Array(2).fill(['A', 'B', 'C']));
    expect(loads.flatMap((load) => load.mock.calls.flat(2)).sort()).toEqual(['a', 'b', 'c']);
  });

  it('have options of their own where a function gives them', async () => {
    const cache = new Cache();
    const load = loadAll();
    const options = (key: string) => ({ ttl: 60, tags: [`letter:${key}`] });
    await cache.getMany(['a', 'b'], options, load);
    await cache.invalidate('letter:a');
    await cache.getMany(['a', 'b'], options, load);
    expect(load.mock.calls).toEqual([[['a', 'b']], [['a']]]);
  });

  it('are undefined where the load leaves them out, and asked for again unless that is kept', async () => {
    const cache = new Cache();
    const load = vi.fn(() => new Map([['a', 1]]));
    expect(await cache.getMany(['a', 'b'], { ttl: 60 }, load)).toEqual([1, undefined]);
    expect(await cache.getMany(['a', 'b'], { ttl: 60 }, load)).toEqual([1, undefined]);
    expect(load.mock.calls).toEqual([[['a', 'b']], [['b']]]);
  });

  it('fail as the load does, and hold nobody up after that', async () => {
    const cache = new Cache();
    const fail = async () => {
      throw new Error('broken');
    };
    await expect(cache.getMany(['a', 'b'], { ttl: 60 }, fail)).rejects.toThrow('broken');
    expect(await cache.getMany(['a', 'b'], { ttl: 60 }, loadAll())).toEqual(['A', 'B']);
  });

  it('of no keys are none, and load nothing', async () => {
    const load = loadAll();
    expect(await new Cache().getMany([], { ttl: 60 }, load)).toEqual([]);
    expect(load).not.toHaveBeenCalled();
  });

  it('may be named twice', async () => {
    const load = loadAll();
    expect(await new Cache().getMany(['a', 'a'], { ttl: 60 }, load)).toEqual(['A', 'A']);
    expect(load.mock.calls).toEqual([[['a']]]);
  });

  it('refuse a key that is none', async () => {
    await expect(new Cache().getMany(['a', ''], { ttl: 60 }, loadAll())).rejects.toThrow(
      'LARDER_INVALID_KEY',
    );
  });
});
