import { describe, expect, it, vi } from 'vitest';
import { Cache, LarderError, type SharedTier } from '../src/index.ts';
import { manualClock, recordingObserver } from '../src/testing/index.ts';
import { later, sharedTier } from './support/processes.ts';

describe('getOrSet', () => {
  it('loads once, until the lifetime is over', async () => {
    const clock = manualClock();
    const cache = new Cache({ clock });
    const load = vi.fn(async () => ({ n: load.mock.calls.length }));
    expect(await cache.getOrSet('key', { ttl: 60 }, load)).toEqual({ n: 1 });
    clock.advance(59_999);
    expect(await cache.getOrSet('key', { ttl: 60 }, load)).toEqual({ n: 1 });
    clock.advance(1);
    expect(await cache.getOrSet('key', { ttl: 60 }, load)).toEqual({ n: 2 });
  });

  it('loads once for all who ask at the same time', async () => {
    const { observe, of } = recordingObserver();
    const cache = new Cache({ observe });
    const gate = later<string>();
    const load = vi.fn(() => gate.promise);
    const asking = Promise.all(Array.from({ length: 100 }, () => cache.getOrSet('key', { ttl: 60 }, load)));
    gate.resolve('value');
    expect(new Set(await asking)).toEqual(new Set(['value']));
    expect(load).toHaveBeenCalledTimes(1);
    expect(of('value').filter(({ outcome }) => outcome === 'collapsed')).toHaveLength(99);
  });

  it('gives every caller a copy of its own, the first one too', async () => {
    const cache = new Cache();
    const [a, b] = await Promise.all(
      [1, 2].map(() => cache.getOrSet('key', { ttl: 60 }, async () => ({ list: [1] }))),
    );
    a!.list.push(2);
    expect(b).toEqual({ list: [1] });
    expect(await cache.getOrSet('key', { ttl: 60 }, async () => ({ list: [] as number[] }))).toEqual({
      list: [1],
    });
  });

  it('returns at the first call what it will return at the second', async () => {
    const cache = new Cache();
    const load = async (): Promise<unknown> => ({ at: new Date(0), gone: undefined });
    const first = await cache.getOrSet('key', { ttl: 60 }, load);
    expect(first).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(await cache.getOrSet('key', { ttl: 60 }, load)).toEqual(first);
  });

  it.each([undefined, null])('returns %s and does not keep it', async (nothing) => {
    const cache = new Cache();
    const load = vi.fn(async () => nothing);
    expect(await cache.getOrSet('key', { ttl: 60 }, load)).toBe(nothing);
    await cache.getOrSet('key', { ttl: 60 }, load);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('returns what JSON cannot say, does not keep it, and tells the observer', async () => {
    const { observe, of } = recordingObserver();
    const cache = new Cache({ observe });
    expect(await cache.getOrSet('key', { ttl: 60 }, async () => 10n)).toBe(10n);
    expect(of('error')).toMatchObject([{ doing: 'encode a value' }]);
  });

  it('passes on what the load throws, and loads again next time', async () => {
    const cache = new Cache();
    const failing = () => Promise.reject(new Error('database'));
    await expect(cache.getOrSet('key', { ttl: 60 }, failing)).rejects.toThrow('database');
    expect(await cache.getOrSet('key', { ttl: 60 }, async () => 'value')).toBe('value');
  });

  it('loads again after an invalidation of a tag, and only then', async () => {
    const cache = new Cache();
    const load = vi.fn(async () => 'value');
    const ask = () => cache.getOrSet('key', { ttl: 60, tags: ['a', 'b'] }, load);
    await ask();
    await cache.invalidate('other');
    await ask();
    expect(load).toHaveBeenCalledTimes(1);
    expect(await cache.invalidate(['b'])).toEqual({ state: 'done' });
    await ask();
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('never keeps what was read before an invalidation, nor gives it to who asks after', async () => {
    const cache = new Cache();
    const [begun, old] = [later<void>(), later<string>()];
    const before = cache.getOrSet('key', { ttl: 60, tags: ['row'] }, () => {
      begun.resolve();
      return old.promise;
    });
    await begun.promise;
    await cache.invalidate('row');
    const after = cache.getOrSet('key', { ttl: 60, tags: ['row'] }, async () => 'new');
    old.resolve('old');
    expect(await before).toBe('old');
    expect(await after).toBe('new');
    expect(await cache.getOrSet('key', { ttl: 60, tags: ['row'] }, async () => 'newer')).toBe('new');
  });

  it('never gives what is not kept to who asks after an invalidation', async () => {
    const cache = new Cache();
    const [begun, old] = [later<void>(), later<null>()];
    const slot = { ttl: 60, tags: ['row'] };
    const before = cache.getOrSet<string | null>('key', slot, () => {
      begun.resolve();
      return old.promise;
    });
    await begun.promise;
    await cache.invalidate('row');
    const after = cache.getOrSet<string | null>('key', slot, async () => 'there now');
    old.resolve(null);
    expect([await before, await after]).toEqual([null, 'there now']);
  });

  it('never gives what another process may have invalidated to who asks a lease later', async () => {
    const clock = manualClock();
    const cache = new Cache({ clock, redis: sharedTier(clock).tier });
    const [begun, old] = [later<void>(), later<null>()];
    const load = () => {
      begun.resolve();
      return old.promise;
    };
    const before = cache.getOrSet<string | null>('key', { ttl: 60 }, load);
    await begun.promise;
    clock.advance(1000);
    const after = cache.getOrSet<string | null>('key', { ttl: 60 }, async () => 'there now');
    old.resolve(null);
    expect([await before, await after]).toEqual([null, 'there now']);
  });

  it('empties with its namespace', async () => {
    const cache = new Cache();
    await cache.withCache('key', 60, async () => 'old');
    await cache.invalidateAll();
    expect(await cache.withCache('key', 60, async () => 'new')).toBe('new');
  });

  it('works without its shared tier, and says which calls failed', async () => {
    const { store, tier } = sharedTier();
    const { observe, of } = recordingObserver();
    const cache = new Cache({ redis: tier, observe });
    store.failing = true;
    expect(await cache.withCache('key', 60, async () => 'value')).toBe('value');
    const ofStore = of('store-call').filter(({ operation }) => operation !== 'lock');
    expect(ofStore.every(({ error }) => error !== undefined)).toBe(true);
    expect(await cache.invalidate('tag')).toEqual({ state: 'pending' });
  });

  it('is shared by caches on one tier, and falls for all of them', async () => {
    const clock = manualClock();
    const { tier } = sharedTier(clock);
    const [a, b] = [new Cache({ redis: tier, clock }), new Cache({ redis: tier, clock })];
    const slot = { ttl: 60, tags: ['t'] };
    await a.getOrSet('key', slot, async () => 'old');
    expect(await b.getOrSet('key', slot, async () => 'never')).toBe('old');
    await a.invalidate('t');
    clock.advance(1000);
    expect(await b.getOrSet('key', slot, async () => 'new')).toBe('new');
  });

  it.each(['', 7, '\ud800'])('refuses the key %j', async (key) => {
    await expect(new Cache().withCache(key as string, 60, async () => 1)).rejects.toThrow(LarderError);
  });
});

describe('a cache is refused when it is built', () => {
  it.each([
    [{ namespace: 'a b' }],
    [{ namespace: '' }],
    [{ memory: false as const }],
    [{ redis: 'redis://localhost' as unknown as SharedTier }],
    [{ memory: { maxBytes: -1 } }],
  ])('for %j', (options) => {
    expect(() => new Cache(options)).toThrow('LARDER_INVALID_OPTIONS');
  });
});
