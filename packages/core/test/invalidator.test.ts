import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Cache, type CacheOptions } from '../src/index.ts';
import { manualClock } from '../src/testing/index.ts';
import { heldLoads, sharedTier } from './support/processes.ts';

/** A cache, and how often each of its keys was loaded. */
function counting(options: CacheOptions = {}) {
  const clock = manualClock();
  const cache = new Cache({ clock, ...options });
  onTestFinished(() => cache.close());
  const loads: string[] = [];
  const load = (key: string, how: Partial<Parameters<Cache['getOrSet']>[1]> = {}) =>
    cache.getOrSet(key, { ttl: 60, ...how }, () => {
      loads.push(key);
      return loads.length;
    });
  return { cache, clock, load, loads };
}

describe('what is out of date', () => {
  it('is a key, and not another that begins with it', async () => {
    const { cache, load, loads } = counting();
    await Promise.all([load('a'), load('ab')]);
    expect(await cache.invalidateKey('a')).toEqual({ state: 'done' });
    await Promise.all([load('a'), load('ab')]);
    expect(loads).toEqual(['a', 'ab', 'a']);
  });

  it('is a key in one partition, and the whole of a partition', async () => {
    const { cache, load, loads } = counting();
    const all = () =>
      Promise.all([
        load('a'),
        load('a', { partition: 'acme' }),
        load('a', { partition: 'other' }),
        load('b', { partition: 'acme' }),
      ]);
    await all();
    await cache.invalidateKey('a', { partition: 'acme' });
    await all();
    expect(loads).toHaveLength(5);
    await cache.invalidatePartition('acme');
    await all();
    expect(loads.slice(5).sort()).toEqual(['a', 'b']);
    await cache.invalidateKey('a');
    await all();
    expect(loads).toHaveLength(8);
  });

  it('is what another version of the app has kept too, though neither has the other’s', async () => {
    const clock = manualClock();
    const { tier } = sharedTier(clock);
    const caches = ['v1', 'v2'].map((version) => new Cache({ clock, redis: tier, version }));
    const load = (i: number, value: string) =>
      caches[i]!.getOrSet('key', { ttl: 60, tags: ['a'] }, () => value);
    expect([await load(0, 'old'), await load(1, 'new')]).toEqual(['old', 'new']);
    await caches[1]!.invalidate('a');
    clock.advance(1000);
    expect([await load(0, 'old again'), await load(1, 'new again')]).toEqual(['old again', 'new again']);
  });

  it('is every key that a pattern matches, of one partition or of those that have none', async () => {
    const { cache, load, loads } = counting();
    const all = () =>
      Promise.all([
        ...['product:1', 'product:2', 'user:1'].map((key) => load(key)),
        load('product:1', { partition: 'acme' }),
      ]);
    await all();
    expect(await cache.invalidateMatching({ keys: 'product:*' })).toEqual({ state: 'done', found: 2 });
    await all();
    expect(loads.slice(4).sort()).toEqual(['product:1', 'product:2']);
    expect(await cache.invalidateMatching({ keys: '*', partition: 'acme' })).toEqual({
      state: 'done',
      found: 1,
    });
    await all();
    expect(loads.slice(6)).toEqual(['product:1']);
  });

  it('is every tag that a pattern matches, whatever carries it', async () => {
    const { cache, load, loads } = counting();
    const all = () => Promise.all(['a:1', 'a:2', 'b:1'].map((tag) => load(`of ${tag}`, { tags: [tag] })));
    await all();
    expect(await cache.invalidateMatching({ tags: 'a:?' })).toEqual({ state: 'done', found: 2 });
    await all();
    expect(loads.slice(3).sort()).toEqual(['of a:1', 'of a:2']);
  });

  it('is what is being loaded when a pattern is said, for who asks from then on', async () => {
    const { cache } = counting();
    const { load, endNext, begun } = heldLoads<string>();
    const ask = () => cache.getOrSet('product:1', { ttl: 60 }, load);
    const first = ask();
    await vi.waitFor(() => expect(begun).toHaveLength(1));
    await cache.invalidateMatching({ keys: 'product:*' });
    const second = ask();
    await vi.waitFor(() => expect(begun).toHaveLength(2));
    endNext('old');
    endNext('new');
    expect([await first, await second, await ask()]).toEqual(['old', 'new', 'new']);
  });

  it('is stale, where a pattern is said softly', async () => {
    const { cache, load, loads } = counting();
    const ask = () => load('product:1', { staleWhileRevalidate: 60 });
    await ask();
    await cache.invalidateMatching({ keys: '*' }, { soft: true });
    expect(await ask()).toBe(1);
    await vi.waitFor(() => expect(loads).toHaveLength(2));
  });

  it('is looked for while its listener wants to hear of it, and its signal is silent', async () => {
    const { cache } = counting();
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(cache.invalidateMatching({ keys: '*' }, { signal })).rejects.toThrow('too late');
    const seen: unknown[] = [];
    await cache.invalidateMatching({ keys: '*' }, { onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([{ found: 0, looked: 0, of: 0 }]);
  });

  it.each([
    ['pattern', () => new Cache().invalidateMatching({}), 'LARDER_INVALID_OPTIONS'],
    ['pattern', () => new Cache().invalidateMatching({ keys: '' }), 'LARDER_INVALID_OPTIONS'],
    ['pattern', () => new Cache().invalidateMatching({ keys: 'a', tags: 'a' }), 'LARDER_INVALID_OPTIONS'],
    ['pattern', () => new Cache().invalidateMatching('a*' as never), 'LARDER_INVALID_OPTIONS'],
    ['partition', () => new Cache().invalidateMatching({ keys: 'a', partition: '' }), 'LARDER_INVALID_KEY'],
    [
      'partition',
      () => new Cache().invalidateMatching({ urls: 'a', partition: 'b' }),
      'LARDER_INVALID_OPTIONS',
    ],
    [
      'signal',
      () => new Cache().invalidateMatching({ keys: 'a' }, { signal: 1 as never }),
      'LARDER_INVALID_OPTIONS',
    ],
    [
      'listener',
      () => new Cache().invalidateMatching({ keys: 'a' }, { onProgress: 1 as never }),
      'LARDER_INVALID_OPTIONS',
    ],
    ['key', () => new Cache().invalidateKey(''), 'LARDER_INVALID_KEY'],
    ['partition', () => new Cache().invalidatePartition(''), 'LARDER_INVALID_KEY'],
    ['url', () => new Cache().invalidateUrl('/products'), 'LARDER_INVALID_OPTIONS'],
    ['url', () => new Cache().invalidateUrl('ftp://shop.example/'), 'LARDER_INVALID_OPTIONS'],
    ['soft', () => new Cache().invalidate('a', { soft: 'yes' as never }), 'LARDER_INVALID_OPTIONS'],
    ['hard', () => new Cache().invalidate('a', { hard: true } as never), 'LARDER_INVALID_OPTIONS'],
    ['version', async () => new Cache({ version: 'a b' }), 'LARDER_INVALID_OPTIONS'],
    ['coherence', async () => new Cache({ coherence: 'none' as never }), 'LARDER_INVALID_OPTIONS'],
    ['lag', async () => new Cache({ coherence: { lag: 0 } }), 'LARDER_INVALID_OPTIONS'],
    [
      'via',
      async () => new Cache({ coherence: { via: 'tracking', mode: 'strict' } }),
      'LARDER_INVALID_OPTIONS',
    ],
  ])('is not said with a wrong %s', async (_, say, code) => {
    await expect(say()).rejects.toMatchObject({ code });
  });
});

describe('what is softly out of date', () => {
  it('is given as stale while it is made anew, for as long as it would have been in its time', async () => {
    const { cache, clock, load } = counting();
    const how = { tags: ['a'], staleWhileRevalidate: 10 };
    await load('key', how);
    clock.advance(5000);
    await cache.invalidate('a', { soft: true });
    clock.advance(10_000);
    expect(await load('key', how)).toBe(2);
    await cache.invalidate('a', { soft: true });
    clock.advance(9998);
    expect(await load('key', how)).toBe(2);
    await expect.poll(() => load('key', how)).toBe(3);
  });

  it('is loaded at once where nothing may be stale', async () => {
    const { cache, load } = counting();
    await load('key', { tags: ['a'] });
    await cache.invalidate('a', { soft: true });
    expect(await load('key', { tags: ['a'] })).toBe(2);
  });

  it('is gone with the next invalidation that is not soft', async () => {
    const { cache, load } = counting();
    const how = { tags: ['a'], staleWhileRevalidate: 10 };
    await load('key', how);
    await cache.invalidate('a', { soft: true });
    await cache.invalidate('a');
    expect(await load('key', how)).toBe(2);
  });

  it('is not joined by who comes after it', async () => {
    const { cache } = counting();
    const gates: ((value: string) => void)[] = [];
    const load = () =>
      cache.getOrSet('key', { ttl: 60, tags: ['a'] }, () => new Promise<string>((open) => gates.push(open)));
    const before = load();
    await expect.poll(() => gates).toHaveLength(1);
    await cache.invalidate('a', { soft: true });
    const after = load();
    await expect.poll(() => gates).toHaveLength(2);
    gates[0]!('old');
    gates[1]!('new');
    expect([await before, await after]).toEqual(['old', 'new']);
  });
});
