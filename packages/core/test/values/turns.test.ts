import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../src/index.ts';
import { heldLoads, later, pass, processes, settled, watched } from '../support/processes.ts';

const TTL = { ttl: 600 };
const ask = (cache: Cache, keys: readonly string[], load: () => Promise<string>) =>
  keys.map((key) => watched(cache.getOrSet(key, TTL, load)));
const keysOf = (count: number) => Array.from({ length: count }, (_, n) => `key ${n}`);

describe('loads of many keys', () => {
  it('are so many at a time and no more, and all of them come to an end', async () => {
    const { cache } = processes(1, { fills: { maxConcurrentFills: 3 } });
    const { load, begun, counts } = heldLoads<string>();
    const asked = ask(cache, keysOf(50), load);
    await settled();
    expect(counts.running).toBe(3);
    while (begun.length > 0) {
      begun.shift()!.resolve('value');
      await settled();
    }
    expect([counts.most, counts.running, load.mock.calls.length]).toEqual([3, 0, 50]);
    expect(asked.every(({ state }) => state === 'given')).toBe(true);
  });

  it('do not wait for one that waits for another process', async () => {
    const { caches, clock } = processes(2, { fills: { maxConcurrentFills: 1 } });
    const { load } = heldLoads<string>();
    ask(caches[0]!, ['held elsewhere'], load);
    await settled();
    const [waiting] = ask(caches[1]!, ['held elsewhere'], load);
    expect(await caches[1]!.getOrSet('other', TTL, async () => 'value')).toBe('value');
    expect([waiting!.state, clock.monotonicMs()]).toEqual(['waiting', 0]);
  });

  it('free their place when they fail, and when they take too long', async () => {
    const { cache, clock } = processes(1, { fills: { maxConcurrentFills: 1 } });
    const { load, failNext, counts } = heldLoads<string>();
    const asked = ask(cache, ['a', 'b', 'c'], load);
    await settled();
    failNext(new Error('database'));
    await settled();
    expect([asked[0]!.state, counts.running]).toEqual(['failed', 1]);
    await pass(clock, 30_000);
    expect([asked[1]!.state, load.mock.calls.length]).toEqual(['failed', 3]);
  });

  it('do not starve behind a thousand who wait for one that fails', async () => {
    const { cache } = processes(1, { fills: { maxConcurrentFills: 1 } });
    const busy = heldLoads<string>();
    ask(
      cache,
      Array.from({ length: 1000 }, () => 'busy'),
      busy.load,
    );
    await settled();
    busy.failNext(new Error('database'));
    await settled();
    const quiet = heldLoads<string>();
    ask(cache, ['quiet', 'calm'], quiet.load);
    await settled();
    expect([busy.counts.running, quiet.counts.running]).toEqual([1, 0]);
    busy.failNext(new Error('database'));
    await settled();
    quiet.endNext('quiet');
    await settled();
    const before = busy.load.mock.calls.length;
    for (let n = 0; n < 2 && quiet.counts.running === 0; n += 1) {
      busy.failNext(new Error('database'));
      await settled();
    }
    expect(quiet.load).toHaveBeenCalledTimes(2);
    expect(busy.load.mock.calls.length - before).toBeLessThanOrEqual(1);
  });

  it('run at once where too many wait already', async () => {
    const { cache } = processes(1, { fills: { maxConcurrentFills: 1, maxQueuedFills: 2 } });
    const { load, counts } = heldLoads<string>();
    ask(cache, keysOf(5), load);
    await settled();
    expect(counts.running).toBe(3);
  });

  it('run alone, each once its turn comes, where too many are under way to be found', async () => {
    const { cache } = processes(1, { fills: { maxFlights: 1, maxConcurrentFills: 2 } });
    const { load, counts, endNext } = heldLoads<string>();
    const asked = ask(cache, ['one', 'other', 'other', 'other'], load);
    await settled();
    expect(counts.running).toBe(2);
    for (let n = 0; n < 2; n += 1) endNext('value');
    await settled();
    // The first of the others has stored what the last ones find when their turn comes.
    expect(asked.map(({ state }) => state)).toEqual(['given', 'given', 'given', 'given']);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('have so many followers and no more; further ones load alone', async () => {
    const { cache } = processes(1, { fills: { maxFollowers: 2 } });
    const { load, counts } = heldLoads<string>();
    ask(cache, ['key', 'key', 'key', 'key', 'key'], load);
    await settled();
    expect(counts.running).toBe(3);
  });
});

describe('a load that asks for other values', () => {
  const one = { fills: { maxConcurrentFills: 1 } };

  it('does not wait for a turn of its own, however deep', async () => {
    const { cache, clock } = processes(1, one);
    const depth = (n: number): Promise<number> =>
      cache.getOrSet(`depth ${n}`, TTL, async () => (n === 0 ? 0 : 1 + (await depth(n - 1))));
    expect([await depth(20), clock.monotonicMs()]).toEqual([20, 0]);
  });

  it('does not wait for a turn of several at once', async () => {
    const { cache } = processes(1, one);
    const inner = (name: string) => cache.getOrSet(name, TTL, async () => name);
    const outer = cache.getOrSet('outer', TTL, async () => (await Promise.all(['a', 'b'].map(inner))).join());
    expect(await outer).toBe('a,b');
  });

  it('brings forward what it waits for, if that still waits for its turn', async () => {
    const { cache, clock } = processes(1, one);
    const go = later<void>();
    const outer = watched(
      cache.getOrSet('outer', TTL, async () => {
        await go.promise;
        return cache.getOrSet('inner', TTL, async () => 'never');
      }),
    );
    await settled();
    const inner = watched(cache.getOrSet('inner', TTL, async () => 'inner'));
    await settled();
    expect(inner.state).toBe('waiting');
    go.resolve();
    await settled();
    expect([outer.value, inner.value, clock.monotonicMs()]).toEqual(['inner', 'inner', 0]);
  });

  it('brings forward what comes back from waiting for another process', async () => {
    const { caches, clock } = processes(2, one);
    const [there, here] = caches;
    const elsewhere = heldLoads<string>();
    ask(there!, ['inner'], elsewhere.load);
    await settled();
    const inner = watched(here!.getOrSet('inner', TTL, async () => 'inner'));
    await settled();
    const outer = watched(
      here!.getOrSet('outer', TTL, () => here!.getOrSet('inner', TTL, async () => 'never')),
    );
    await settled();
    elsewhere.failNext(new Error('database'));
    await settled();
    expect([outer.value, inner.value, clock.monotonicMs()]).toEqual(['inner', 'inner', 0]);
  });

  it('waits like everybody else once it has itself taken too long', async () => {
    const { cache, clock } = processes(1, one);
    const go = later<void>();
    const late = vi.fn(async () => 'late');
    const outer = watched(
      cache.getOrSet('outer', { ttl: 60, fillTimeout: 1 }, async () => {
        await go.promise;
        return cache.getOrSet('inner', TTL, late);
      }),
    );
    await pass(clock, 1000);
    expect(outer.state).toBe('failed');
    const { load, endNext } = heldLoads<string>();
    ask(cache, ['other'], load);
    await settled();
    go.resolve();
    await settled();
    expect(late).not.toHaveBeenCalled();
    endNext('value');
    await settled();
    expect(late).toHaveBeenCalledTimes(1);
  });
});

describe('what was loaded', () => {
  it('is not held on to but as its bytes', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { cache } = processes(1);
    const loaded: WeakRef<object>[] = [];
    for (const key of keysOf(20))
      await cache.getOrSet(key, TTL, async () => {
        const value = { key, weight: 'x'.repeat(1000) };
        loaded.push(new WeakRef(value));
        return value;
      });
    await settled();
    await expect
      .poll(() => {
        collect();
        return loaded.filter((ref) => ref.deref() !== undefined).length;
      })
      .toBe(0);
  });
});
