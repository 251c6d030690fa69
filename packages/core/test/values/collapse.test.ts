import { describe, expect, it, vi } from 'vitest';
import { valueKey } from '../../src/key.ts';
import {
  everybody,
  failed,
  given,
  heldLoads,
  pass,
  processes,
  settled,
  watched,
} from '../support/processes.ts';

const TTL = { ttl: 600 };
const LOCK_KEY = valueKey('default', 'key');
describe('all who ask for one key at the same time', () => {
  it('have it loaded once, in however many processes, and without time passing', async () => {
    const { caches, clock } = processes(3);
    const { load, endNext } = heldLoads<string>();
    const asked = everybody(caches, 999, (cache) => cache.getOrSet('key', TTL, load));
    await settled();
    expect(load).toHaveBeenCalledTimes(1);
    endNext('value');
    await settled();
    expect(given(asked)).toEqual(Array.from({ length: 999 }, () => 'value'));
    expect([load.mock.calls.length, clock.monotonicMs()]).toEqual([1, 0]);
  });

  it('have it loaded once while it takes longer than a lock lives unextended', async () => {
    const { caches, clock } = processes(2, { fills: { waitTimeout: 60, fillTimeout: 60 } });
    const { load, endNext } = heldLoads<string>();
    const asked = everybody(caches, 10, (cache) => cache.getOrSet('key', TTL, load));
    await pass(clock, 50_000);
    expect(load).toHaveBeenCalledTimes(1);
    endNext('value');
    await settled();
    expect([given(asked).length, load.mock.calls.length]).toEqual([10, 1]);
  });

  it('leave no lock behind, and nothing that loads again', async () => {
    const { caches, clock, lock } = processes(2);
    const load = vi.fn(async () => 'value');
    await Promise.all(caches.map((cache) => cache.getOrSet('key', TTL, load)));
    expect((await lock.acquire(LOCK_KEY, 1)).kind).toBe('held');
    await pass(clock, 60_000);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('have other keys loaded at the same time', async () => {
    const { caches, clock } = processes(2);
    const { load, counts } = heldLoads<string>();
    for (let n = 0; n < 10; n += 1) caches[n % 2]!.getOrSet(`key ${n}`, TTL, load).catch(() => {});
    await settled();
    expect([counts.most, clock.monotonicMs()]).toEqual([10, 0]);
  });
});

describe('a load that throws', () => {
  it('gives every follower a run and an error of its own', async () => {
    const { cache } = processes(1);
    const asked = everybody([cache], 50, (cache) =>
      cache.getOrSet('key', TTL, async () => {
        throw new Error('database');
      }),
    );
    await settled();
    const errors = failed(asked);
    expect(errors).toHaveLength(50);
    expect(new Set(errors).size).toBe(50);
  });

  it('wakes them one by one, and with every batch twice as many', async () => {
    const { cache } = processes(1);
    const { load, begun, counts } = heldLoads<string>();
    const asked = everybody([cache], 64, (cache) => cache.getOrSet('key', TTL, load));
    const batches: number[] = [];
    while (failed(asked).length < 64) {
      await settled();
      batches.push(counts.running);
      for (const run of begun.splice(0)) run.reject(new Error('database'));
      await settled();
    }
    expect(batches).toEqual([1, 1, 2, 4, 8, 16, 32]);
  });

  it('is run no more once one of them has succeeded', async () => {
    const { cache } = processes(1);
    const { load, begun, endNext, failNext } = heldLoads<string>();
    const asked = everybody([cache], 100, (cache) => cache.getOrSet('key', TTL, load));
    await settled();
    failNext(new Error('first'));
    await settled();
    failNext(new Error('second'));
    await settled();
    expect(begun).toHaveLength(2);
    endNext('value');
    endNext('value');
    await settled();
    expect([load.mock.calls.length, given(asked).length, failed(asked).length]).toEqual([4, 98, 2]);
  });

  it('lets another process go on at once', async () => {
    const { caches, clock } = processes(2);
    const { load, endNext, failNext } = heldLoads<string>();
    const [one, other] = everybody(caches, 2, (cache) => cache.getOrSet('key', TTL, load));
    await settled();
    failNext(new Error('database'));
    await settled();
    expect([one!.state, load.mock.calls.length]).toEqual(['failed', 2]);
    endNext('value');
    await settled();
    expect([other!.value, clock.monotonicMs()]).toEqual(['value', 0]);
  });
});

describe('a load that throws before it returns anything', () => {
  it('is one that fails', async () => {
    const { cache } = processes(1);
    const asked = cache.getOrSet('key', TTL, () => {
      throw new Error('at once');
    });
    await expect(asked).rejects.toThrow('at once');
    expect(await cache.getOrSet('key', TTL, () => 'value')).toBe('value');
  });
});

describe('a value that cannot be stored', () => {
  it('is loaded by everybody at the same time, once that is known, and in every process', async () => {
    const { caches, clock } = processes(2);
    const { load, endNext, counts } = heldLoads<bigint>();
    const asked = everybody(caches, 20, (cache) => cache.getOrSet<bigint>('key', TTL, load));
    await settled();
    expect(load).toHaveBeenCalledTimes(1);
    endNext(0n);
    await settled();
    expect([counts.running, clock.monotonicMs()]).toEqual([19, 0]);
    for (let n = 1n; n < 20n; n += 1n) endNext(n);
    await settled();
    expect(given(asked).sort()).toEqual(Array.from({ length: 20 }, (_, n) => BigInt(n)).sort());
  });

  it('is waited for by nobody for two minutes', async () => {
    const { cache, clock } = processes(1);
    const { load, endNext, counts } = heldLoads<bigint>();
    const ask = (count: number) => everybody([cache], count, () => cache.getOrSet('key', TTL, load));
    ask(1);
    await settled();
    endNext(1n);
    await pass(clock, 119_000, 1000);
    ask(5);
    await settled();
    expect(counts.running).toBe(5);
    for (let n = 0; n < 5; n += 1) endNext(1n);
    await pass(clock, 120_000, 1000);
    ask(5);
    await settled();
    expect(counts.running).toBe(1);
  });

  it('is waited for again as soon as one can be stored', async () => {
    const { cache } = processes(1);
    const { load, endNext, counts } = heldLoads<unknown>();
    const ask = (count: number) => everybody([cache], count, () => cache.getOrSet('key', TTL, load));
    ask(1);
    await settled();
    endNext(1n);
    await settled();
    const asked = ask(3);
    await settled();
    for (const value of [1n, 2n, 'three']) endNext(value);
    await settled();
    expect(given(asked)).toEqual([1n, 2n, 'three']);
    await cache.invalidateAll();
    ask(5);
    await settled();
    expect(counts.running).toBe(1);
  });
});

describe('an invalidation during a load', () => {
  it('lets who asks after it load at once, though the old one is under way', async () => {
    const { caches, clock } = processes(2);
    const slot = { ttl: 60, tags: ['row'] };
    const [old, fresh] = [heldLoads<string>(), heldLoads<string>()];
    const before = watched(caches[0]!.getOrSet('key', slot, old.load));
    await settled();
    await caches[0]!.invalidate('row');
    const after = everybody(caches, 4, (cache) => cache.getOrSet('key', slot, fresh.load));
    await settled();
    expect([fresh.counts.running, clock.monotonicMs()]).toEqual([1, 0]);
    fresh.endNext('new');
    await settled();
    expect(given(after)).toEqual(['new', 'new', 'new', 'new']);
    old.endNext('old');
    await settled();
    expect(before.value).toBe('old');
    expect(await caches[0]!.getOrSet('key', slot, async () => 'newer')).toBe('new');
  });
});
