import { describe, expect, it, vi } from 'vitest';
import type { Cache, CacheOptions } from '../../src/index.ts';
import { heldLoads, pass, processes, settled, watched } from '../support/processes.ts';

const SLOT = { ttl: 60, staleWhileRevalidate: 600, tags: ['row'] };
const failing = async (): Promise<string> => {
  throw new Error('database');
};

/** Processes on one tier where `key` is stale since now. */
async function withStale(count = 1, options: CacheOptions = {}, slot = SLOT) {
  const rig = processes(count, options);
  await rig.cache.getOrSet('key', slot, async () => 'old');
  await pass(rig.clock, 60_000, 60_000);
  const refreshes = () => rig.observers.flatMap(({ of }) => of('refresh'));
  return { ...rig, refreshes };
}
const ask = (cache: Cache, load: () => Promise<string>) => watched(cache.getOrSet('key', SLOT, load));

describe('a value that is stale and may be given while it is loaded', () => {
  it('is given at once, and loaded behind', async () => {
    const { cache, refreshes } = await withStale();
    const { load, endNext } = heldLoads<string>();
    expect(await cache.getOrSet('key', SLOT, load)).toBe('old');
    await settled();
    endNext('new');
    await settled();
    expect(await cache.getOrSet('key', SLOT, failing)).toBe('new');
    expect(refreshes()).toMatchObject([
      { type: 'refresh', namespace: 'default', route: '(value)', reason: 'stale', outcome: 'stored' },
    ]);
  });

  it('is told as stale, with the time that its load took behind it', async () => {
    const { cache, clock, observer, refreshes } = await withStale();
    const { load, endNext } = heldLoads<string>();
    await cache.getOrSet('key', SLOT, load);
    await pass(clock, 1000);
    endNext('new');
    await settled();
    expect(observer.of('value').at(-1)).toMatchObject({ outcome: 'stale', seconds: 0 });
    expect(refreshes()).toMatchObject([{ seconds: 1 }]);
  });

  it('is loaded once for all who ask, in however many processes', async () => {
    const { caches, clock } = await withStale(3);
    const { load, endNext } = heldLoads<string>();
    const asked = Array.from({ length: 99 }, (_, n) => ask(caches[n % 3]!, load));
    await settled();
    expect(new Set(asked.map(({ value }) => value))).toEqual(new Set(['old']));
    expect(load).toHaveBeenCalledTimes(1);
    endNext('new');
    await settled();
    for (const cache of caches) expect(await cache.getOrSet('key', SLOT, failing)).toBe('new');
    expect([load.mock.calls.length, clock.monotonicMs()]).toEqual([1, 60_000]);
  });

  it('is told as loaded by the one process that has, and as dropped by the others', async () => {
    const { caches, refreshes } = await withStale(3);
    const { load, endNext } = heldLoads<string>();
    for (const cache of caches) ask(cache, load);
    await settled();
    endNext('new');
    await settled();
    const outcomes = refreshes().map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(['dropped', 'dropped', 'stored']);
  });

  it('is not loaded while nobody asks', async () => {
    const { clock, refreshes, observer } = await withStale();
    const before = observer.events.length;
    await pass(clock, 700_000, 1000);
    expect([refreshes(), observer.events.length - before]).toEqual([[], 0]);
  });

  it('is loaded by who asks, and nobody gets it, once its window is over', async () => {
    const { cache, clock } = await withStale();
    await pass(clock, 600_000, 60_000);
    expect(await cache.getOrSet('key', SLOT, async () => 'new')).toBe('new');
  });

  it('is given to nobody after an invalidation, not even by who loads it behind', async () => {
    const { cache, refreshes } = await withStale();
    const { load, endNext } = heldLoads<string>();
    await cache.getOrSet('key', SLOT, load);
    await settled();
    await cache.invalidate('row');
    expect(await cache.getOrSet('key', SLOT, async () => 'new')).toBe('new');
    endNext('overtaken');
    await settled();
    expect(await cache.getOrSet('key', SLOT, failing)).toBe('new');
    expect(refreshes().map(({ outcome }) => outcome)).not.toContain('stored');
  });

  it('is not loaded behind in a cache that is closing', async () => {
    const { cache, clock, refreshes } = await withStale();
    await cache.getOrSet('other', SLOT, async () => 'old');
    await pass(clock, 60_000, 60_000);
    const { load } = heldLoads<string>();
    await cache.getOrSet('key', SLOT, load);
    await settled();
    const closed = watched(cache.close());
    await settled();
    const another = vi.fn(async () => 'another');
    expect(await cache.getOrSet('other', SLOT, another)).toBe('old');
    await pass(clock, 4999);
    expect([closed.state, another.mock.calls.length, refreshes()]).toEqual(['waiting', 0, []]);
    await pass(clock, 1);
    expect([closed.state, load.mock.calls.length]).toEqual(['given', 1]);
  });

  it('is waited for by a cache that is closing, and kept', async () => {
    const { caches } = await withStale(2);
    const { load, endNext } = heldLoads<string>();
    await caches[0]!.getOrSet('key', SLOT, load);
    await settled();
    const closed = watched(caches[0]!.close());
    await settled();
    expect(closed.state).toBe('waiting');
    endNext('new');
    await settled();
    expect(closed.state).toBe('given');
    expect(await caches[1]!.getOrSet('key', SLOT, failing)).toBe('new');
  });

  it('that a closed cache was loading is loaded by another process at once', async () => {
    const { caches, clock } = await withStale(2);
    const { load, endNext } = heldLoads<string>();
    for (const cache of caches) ask(cache, load);
    await settled();
    expect(load).toHaveBeenCalledTimes(1);
    caches[0]!.close();
    await pass(clock, 5000);
    expect(load).toHaveBeenCalledTimes(2);
    for (const value of ['of the closed one', 'new']) endNext(value);
    await settled();
    expect(await caches[1]!.getOrSet('key', SLOT, failing)).toBe('new');
  });
});

describe('a load behind a stale value that fails', () => {
  it('waits one second, then two, then four, and a minute at most', async () => {
    const { cache, clock, refreshes, observer } = await withStale();
    const runs: number[] = [];
    const load = async () => {
      runs.push(clock.monotonicMs());
      return failing();
    };
    for (let second = 0; second < 300; second += 1) {
      expect(await cache.getOrSet('key', SLOT, load)).toBe('old');
      await pass(clock, 1000, 1000);
    }
    const pauses = runs.slice(1).map((at, n) => (at - runs[n]!) / 1000);
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(new Set(refreshes().map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    expect(observer.of('error')).toHaveLength(runs.length);
  });

  it('is not tried by one process after another', async () => {
    const { caches, clock, refreshes } = await withStale(3);
    const { load, failNext } = heldLoads<string>();
    const everyone = async () => {
      for (const cache of caches) expect(await cache.getOrSet('key', SLOT, load)).toBe('old');
      await settled();
    };
    await everyone();
    failNext(new Error('database'));
    await everyone();
    expect(load).toHaveBeenCalledTimes(1);
    expect(
      refreshes()
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['dropped', 'dropped', 'failed']);
    await pass(clock, 1000);
    await everyone();
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('is tried again at once after one that has succeeded', async () => {
    const { cache, clock } = await withStale();
    for (let n = 0; n < 10; n += 1) {
      await cache.getOrSet('key', SLOT, failing);
      await pass(clock, 1000, 1000);
    }
    await pass(clock, 60_000, 1000);
    await cache.getOrSet('key', SLOT, async () => 'new');
    await settled();
    await pass(clock, 60_000, 1000);
    const load = vi.fn(failing);
    await cache.getOrSet('key', SLOT, load);
    await pass(clock, 1000, 1000);
    await cache.getOrSet('key', SLOT, load);
    await settled();
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('leaves the stale value until its window is over, and then who asks sees the error', async () => {
    const { cache, clock } = await withStale();
    for (let minute = 0; minute < 10; minute += 1) {
      expect(await cache.getOrSet('key', SLOT, failing)).toBe('old');
      await pass(clock, 60_000, 60_000);
    }
    await expect(cache.getOrSet('key', SLOT, failing)).rejects.toThrow('database');
  });

  it('that hangs has failed after its time', async () => {
    const { cache, clock, refreshes } = await withStale();
    const { load } = heldLoads<string>();
    await cache.getOrSet('key', SLOT, load);
    await pass(clock, 29_999);
    expect(await cache.getOrSet('key', SLOT, load)).toBe('old');
    expect([refreshes(), load.mock.calls.length]).toEqual([[], 1]);
    await pass(clock, 1);
    expect(refreshes()).toMatchObject([{ outcome: 'failed', seconds: 30 }]);
  });

  it('that never got its turn is not run when nobody waits for it any more', async () => {
    const fills = { maxConcurrentFills: 1, waitTimeout: 1, fillTimeout: 5 };
    const { cache, clock, refreshes } = await withStale(1, { fills });
    const busy = heldLoads<string>();
    watched(cache.getOrSet('busy', { ttl: 60, fillTimeout: 100 }, busy.load));
    await settled();
    const load = vi.fn(failing);
    expect(await cache.getOrSet('key', SLOT, load)).toBe('old');
    await pass(clock, 7000);
    busy.endNext('done');
    await settled();
    expect(load).not.toHaveBeenCalled();
    expect(refreshes()).toHaveLength(1);
  });
});

describe('a load behind a stale value that gives what cannot be kept', () => {
  it('ends the stale value where it says that there is nothing', async () => {
    const { caches, clock } = await withStale(2);
    expect(await caches[0]!.getOrSet<unknown>('key', SLOT, async () => null)).toBe('old');
    await settled();
    expect(await caches[0]!.getOrSet<unknown>('key', SLOT, async () => null)).toBeNull();
    await pass(clock, 1000);
    await expect(caches[1]!.getOrSet('key', SLOT, failing)).rejects.toThrow('database');
  });

  it.each([
    ['nothing', null],
    ['what JSON cannot say', 1n],
  ])('is not told as stored: %s', async (_, value) => {
    const { cache, refreshes } = await withStale();
    await cache.getOrSet<unknown>('key', SLOT, async () => value);
    await settled();
    expect(refreshes()).toMatchObject([{ outcome: 'unstored' }]);
  });
});
