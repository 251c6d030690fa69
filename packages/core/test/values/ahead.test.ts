import { describe, expect, it, vi } from 'vitest';
import type { LarderError } from '../../src/index.ts';
import { heldLoads, later, pass, processes, settled, watched } from '../support/processes.ts';

const SLOT = { ttl: 60, tags: ['row'] };
const never = async (): Promise<string> => {
  throw new Error('loaded by who asks');
};
/** A load that says for how many-eth time it runs. */
const counted = () => {
  const load = vi.fn(async () => `value ${load.mock.calls.length}`);
  return load;
};
const evenly = { random: () => 0.5 };

describe('a value that is kept from ever ending', () => {
  it('is loaded at once, and nobody who asks ever loads it', async () => {
    const { cache, clock, observer } = processes(1, evenly);
    const load = counted();
    cache.refreshAhead('key', SLOT, load);
    await settled();
    for (let second = 0; second < 600; second += 1) {
      await cache.getOrSet('key', SLOT, never);
      await pass(clock, 1000, 1000);
    }
    // Every third of its lifetime a look, and where it would end before the next, a load.
    expect(load.mock.calls.length).toBeGreaterThanOrEqual(600 / 60);
    expect(load.mock.calls.length).toBeLessThanOrEqual(1 + 600 / 40);
    expect(new Set(observer.of('value').map(({ outcome }) => outcome))).toEqual(new Set(['hit']));
    for (const event of observer.of('refresh'))
      expect(event).toMatchObject({ route: '(value)', reason: 'scheduled', outcome: 'stored' });
  });

  it('is not loaded where it lasts until the next look', async () => {
    const { cache, clock } = processes(1, evenly);
    await cache.getOrSet('key', { ttl: 600 }, async () => 'there');
    const load = counted();
    cache.refreshAhead('key', { ...SLOT, every: 20 }, load);
    await pass(clock, 570_000, 1000);
    expect(load).not.toHaveBeenCalled();
    await pass(clock, 20_000, 1000);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('is looked at as often as was said, a tenth more or less', async () => {
    for (const [chance, ms] of [
      [0, 9000],
      [0.999999, 11_000],
    ] as const) {
      const { cache, clock } = processes(1, { random: () => chance });
      const load = counted();
      cache.refreshAhead('key', { ttl: 5, every: 10 }, load);
      await pass(clock, ms - 1, ms);
      expect(load).toHaveBeenCalledTimes(1);
      await pass(clock, 2);
      expect(load).toHaveBeenCalledTimes(2);
    }
  });

  it('is loaded by one of the processes that would', async () => {
    const { caches, clock, observers } = processes(3, evenly);
    const { load, endNext, counts } = heldLoads<string>();
    for (const cache of caches) cache.refreshAhead('key', SLOT, load);
    await settled();
    expect(load).toHaveBeenCalledTimes(1);
    await pass(clock, 2000);
    endNext('value');
    await pass(clock, 30_000, 1000);
    expect([load.mock.calls.length, counts.most]).toEqual([1, 1]);
    const outcomes = observers.flatMap(({ of }) => of('refresh').map(({ outcome }) => outcome));
    expect(outcomes.sort()).toEqual(['dropped', 'dropped', 'stored']);
  });

  it('is loaded by another process once the one that did is gone', async () => {
    const { caches, clock } = processes(2, evenly);
    const loads = [counted(), counted()];
    for (const [n, cache] of caches.entries()) cache.refreshAhead('key', SLOT, loads[n]!);
    await settled();
    await caches[0]!.close();
    const before = loads[1]!.mock.calls.length;
    await pass(clock, 60_000, 1000);
    expect(loads[0]!.mock.calls.length).toBeLessThanOrEqual(1);
    expect(loads[1]!.mock.calls.length).toBeGreaterThan(before);
  });

  it('is loaded again at the next look after an invalidation', async () => {
    const { cache, clock } = processes(1, evenly);
    const load = counted();
    cache.refreshAhead('key', { ...SLOT, every: 10 }, load);
    await settled();
    await cache.invalidate('row');
    await pass(clock, 10_000, 1000);
    expect(await cache.getOrSet('key', SLOT, never)).toBe('value 2');
  });

  it('is tried again after a load that failed, of which the observer is told', async () => {
    const { cache, clock, observer } = processes(1, evenly);
    const load = vi.fn(counted());
    load.mockRejectedValueOnce(new Error('database'));
    cache.refreshAhead('key', { ...SLOT, every: 10 }, load);
    await settled();
    expect(observer.of('error')).toMatchObject([{ doing: 'load a value', error: new Error('database') }]);
    expect(observer.of('refresh')).toMatchObject([{ outcome: 'failed', reason: 'scheduled' }]);
    await pass(clock, 10_000, 1000);
    expect(await cache.getOrSet('key', SLOT, never)).toMatch('value');
  });

  it('is tried again though the one before still hangs, when that has had its time', async () => {
    const { cache, clock } = processes(1, evenly);
    const { load } = heldLoads<string>();
    cache.refreshAhead('key', { ...SLOT, every: 1, fillTimeout: 5 }, load);
    await pass(clock, 4999);
    expect(load).toHaveBeenCalledTimes(1);
    await pass(clock, 4000);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('ends like any other once that is stopped', async () => {
    const { cache, clock } = processes(1, evenly);
    const load = counted();
    const stop = cache.refreshAhead('key', SLOT, load);
    await settled();
    stop();
    stop();
    await pass(clock, 60_000, 1000);
    expect(load).toHaveBeenCalledTimes(1);
    expect(await cache.getOrSet('key', SLOT, async () => 'own')).toBe('own');
  });

  it('is neither loaded nor looked at once the cache is closed, nor begun in one that is', async () => {
    const { cache, clock, observer } = processes(1, evenly);
    const load = counted();
    cache.refreshAhead('key', SLOT, load);
    await settled();
    await cache.close();
    cache.refreshAhead('other', SLOT, load);
    const before = observer.events.length;
    await pass(clock, 600_000, 10_000);
    expect([load.mock.calls.length, observer.events.length]).toEqual([1, before]);
  });

  it('is waited for by a cache that is closing, at most for its time', async () => {
    const { cache, clock, observer } = processes(1, { ...evenly, fills: { drainTimeout: 2 } });
    cache.refreshAhead('key', SLOT, () => later<string>().promise);
    await settled();
    const closed = watched(cache.close());
    await pass(clock, 1999);
    expect(closed.state).toBe('waiting');
    await pass(clock, 1);
    expect(closed.state).toBe('given');
    await settled();
    expect(observer.of('refresh').map(({ outcome }) => outcome)).not.toContain('stored');
  });
});

describe('what cannot be kept ahead', () => {
  const codeOf = (options: unknown, key: unknown = 'key') => {
    const { cache } = processes(1);
    try {
      cache.refreshAhead(key as string, options as typeof SLOT, never);
    } catch (error) {
      return (error as LarderError).code;
    }
    return undefined;
  };

  it.each([
    [undefined, 'LARDER_INVALID_POLICY'],
    [{}, 'LARDER_INVALID_POLICY'],
    [{ ttl: 60, every: 0 }, 'LARDER_INVALID_POLICY'],
    [{ ttl: 60, every: '10' }, 'LARDER_INVALID_POLICY'],
    [{ ttl: 60, evry: 10 }, 'LARDER_INVALID_POLICY'],
    [{ ttl: 60, tags: [''] }, 'LARDER_INVALID_TAG'],
  ])('is refused at once: %j', (options, code) => {
    expect(codeOf(options)).toBe(code);
  });

  it('is refused at once: an empty key', () => {
    expect(codeOf(SLOT, '')).toBe('LARDER_INVALID_KEY');
  });
});
