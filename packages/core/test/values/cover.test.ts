import { describe, expect, it } from 'vitest';
import type { Cache, LarderError } from '../../src/index.ts';
import { heldLoads, pass, processes, settled, watched } from '../support/processes.ts';

const SLOT = { ttl: 60, staleIfError: 600, tags: ['row'] };
const SOFT = { ...SLOT, softTimeout: 1 };
const failing = async (): Promise<string> => {
  throw new Error('database');
};
const hang = () => new Promise<string>(() => {});

async function withStale(count = 1) {
  const rig = processes(count);
  await rig.cache.getOrSet('key', SLOT, async () => 'old');
  await pass(rig.clock, 60_000, 60_000);
  return rig;
}

describe('a value that is stale and may stand in for a failure', () => {
  it('is not given where the load succeeds', async () => {
    const { cache } = await withStale();
    expect(await cache.getOrSet('key', SLOT, async () => 'new')).toBe('new');
  });

  it('is given where the load throws, and the observer is told of both', async () => {
    const { cache, observer } = await withStale();
    expect(await cache.getOrSet('key', SLOT, failing)).toBe('old');
    expect(observer.of('value').at(-1)).toMatchObject({ outcome: 'stale' });
    expect(observer.of('error')).toMatchObject([{ doing: 'load a value' }]);
  });

  it('is given to all who wait for a load that throws, and nobody tries again', async () => {
    const { caches } = await withStale(2);
    const { load, failNext } = heldLoads<string>();
    const asked = Array.from({ length: 20 }, () => watched(caches[0]!.getOrSet('key', SLOT, load)));
    await settled();
    failNext(new Error('database'));
    await settled();
    expect(new Set(asked.map(({ value }) => value))).toEqual(new Set(['old']));
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('is given where the load takes longer than its time', async () => {
    const { cache, clock } = await withStale();
    const asked = watched(cache.getOrSet('key', { ...SLOT, fillTimeout: 5 }, hang));
    await pass(clock, 4999);
    expect(asked.state).toBe('waiting');
    await pass(clock, 1);
    expect(asked.value).toBe('old');
  });

  it('is given until its window is over, and then who asks sees the error', async () => {
    const { cache, clock } = await withStale();
    await pass(clock, 599_999, 60_000);
    expect(await cache.getOrSet('key', SLOT, failing)).toBe('old');
    await pass(clock, 1);
    await expect(cache.getOrSet('key', SLOT, failing)).rejects.toThrow('database');
  });

  it('is never given after an invalidation, before the load or during it', async () => {
    const { cache } = await withStale();
    const { load, failNext } = heldLoads<string>();
    const during = watched(cache.getOrSet('key', SLOT, load));
    await settled();
    await cache.invalidate('row');
    failNext(new Error('database'));
    await settled();
    expect(during.state).toBe('failed');
    await expect(cache.getOrSet('key', SLOT, failing)).rejects.toThrow('database');
  });

  it('is never given after an invalidation by another process, once a second has passed', async () => {
    const { caches, clock } = await withStale(2);
    const { load, failNext } = heldLoads<string>();
    const during = watched(caches[0]!.getOrSet('key', SLOT, load));
    await settled();
    await caches[1]!.invalidate('row');
    await pass(clock, 1000);
    failNext(new Error('database'));
    await settled();
    expect(during.state).toBe('failed');
  });
});

describe('a load that takes longer than one would wait for it', () => {
  const asking = (cache: Cache, load: () => Promise<string>, slot: typeof SLOT = SOFT) =>
    watched(cache.getOrSet('key', slot, load));

  it('has the stale value stand in, and is kept when it comes', async () => {
    const { cache, clock, observer } = await withStale();
    const { load, endNext } = heldLoads<string>();
    const asked = asking(cache, load);
    await pass(clock, 999);
    expect(asked.state).toBe('waiting');
    await pass(clock, 1);
    expect(asked.value).toBe('old');
    await pass(clock, 5000);
    endNext('new');
    await settled();
    expect(await cache.getOrSet('key', SOFT, failing)).toBe('new');
    expect(observer.of('refresh')).toMatchObject([{ reason: 'slow', outcome: 'stored', seconds: 6 }]);
  });

  it('is waited for where it comes in time', async () => {
    const { cache, clock } = await withStale();
    const { load, endNext } = heldLoads<string>();
    const asked = asking(cache, load);
    await pass(clock, 500);
    endNext('new');
    await settled();
    expect([asked.value, load.mock.calls.length]).toEqual(['new', 1]);
  });

  it('is run once for all who ask in the meantime, each of whom waits so long', async () => {
    const { cache, clock } = await withStale();
    const { load } = heldLoads<string>();
    asking(cache, load);
    await pass(clock, 600);
    const second = asking(cache, load);
    await pass(clock, 999);
    expect(second.state).toBe('waiting');
    await pass(clock, 1);
    expect([second.value, load.mock.calls.length]).toEqual(['old', 1]);
  });

  it('is waited for to the end where nothing may stand in', async () => {
    const { cache, clock } = processes(1);
    const { load, endNext } = heldLoads<string>();
    const asked = asking(cache, load);
    await pass(clock, 20_000);
    expect(asked.state).toBe('waiting');
    endNext('new');
    await settled();
    expect(asked.value).toBe('new');
  });

  it('keeps nobody longer while it goes on taking too long', async () => {
    const { cache, clock } = await withStale();
    const slot = { ...SOFT, fillTimeout: 2 };
    for (let n = 0; n < 10; n += 1) {
      const asked = asking(cache, hang, slot);
      await pass(clock, 1000);
      expect(asked.state).toBe('given');
    }
  });

  it('keeps nobody longer because another process is at it', async () => {
    const { caches, clock } = await withStale(2);
    const asked = caches.map((cache) => asking(cache, hang));
    await pass(clock, 1000);
    expect(asked.map(({ value }) => value)).toEqual(['old', 'old']);
  });

  it('is never covered by what was invalidated while it was waited for', async () => {
    const { cache, clock } = await withStale();
    const { load, endNext } = heldLoads<string>();
    const asked = asking(cache, load);
    await settled();
    await cache.invalidate('row');
    await pass(clock, 1000);
    expect(asked.value).not.toBe('old');
    while (asked.state === 'waiting') {
      endNext('new');
      await settled();
    }
    expect(asked.value).toBe('new');
  });

  it('that throws has the stale value stand in at once', async () => {
    const { cache, clock } = await withStale();
    expect(await cache.getOrSet('key', SOFT, failing)).toBe('old');
    expect(clock.monotonicMs()).toBe(60_000);
  });

  it('and has nothing to stand in for it fails with its time', async () => {
    const { cache, clock } = processes(1);
    const asked = asking(cache, hang, { ...SOFT, fillTimeout: 2 } as typeof SOFT);
    await pass(clock, 2000);
    expect((asked.error as LarderError).code).toBe('LARDER_TIMEOUT');
  });
});
