import { describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../src/index.ts';
import { pass, processes, settled } from '../support/processes.ts';

const SLOT = { ttl: 600, negativeTtl: 5, tags: ['row'] };
const counted = <T>(value: T) => vi.fn(async () => value);

async function timesLoaded(cache: Cache, times: number, value: unknown) {
  const load = counted(value);
  for (let n = 0; n < times; n += 1) expect(await cache.getOrSet<unknown>('key', SLOT, load)).toBe(value);
  return load.mock.calls.length;
}

describe.each([[undefined], [null]])('that there is nothing (%s)', (nothing) => {
  it('is kept from when it is asked for a second time', async () => {
    const { cache } = processes(1);
    expect(await timesLoaded(cache, 10, nothing)).toBe(2);
  });

  it('ends with its own lifetime, and is kept at once when it is so again', async () => {
    const { cache, clock } = processes(1);
    await timesLoaded(cache, 2, nothing);
    await pass(clock, 4999, 5000);
    expect(await timesLoaded(cache, 1, nothing)).toBe(0);
    await pass(clock, 1);
    expect(await timesLoaded(cache, 5, nothing)).toBe(1);
  });

  it('is given by other processes too', async () => {
    const { caches } = processes(2);
    await timesLoaded(caches[0]!, 2, nothing);
    expect(await timesLoaded(caches[1]!, 1, nothing)).toBe(0);
  });

  it('falls with a tag', async () => {
    const { cache } = processes(1);
    await timesLoaded(cache, 2, nothing);
    await cache.invalidate('row');
    expect(await cache.getOrSet<unknown>('key', SLOT, async () => 'there now')).toBe('there now');
  });

  it('is not kept where nobody has said so', async () => {
    const { cache } = processes(1);
    const load = counted(nothing);
    for (let n = 0; n < 5; n += 1) await cache.getOrSet<unknown>('key', { ttl: 600 }, load);
    expect(load).toHaveBeenCalledTimes(5);
  });

  it('has no windows of the value, stale for however long', async () => {
    const { cache, clock } = processes(1);
    const slot = { ...SLOT, staleWhileRevalidate: 600, staleIfError: 600 };
    for (let n = 0; n < 2; n += 1) await cache.getOrSet<unknown>('key', slot, counted(nothing));
    await pass(clock, 5000, 5000);
    expect(await cache.getOrSet<unknown>('key', slot, async () => 'there now')).toBe('there now');
  });

  it('is told to all who wait for it at the same time, as one sighting', async () => {
    const { cache, observer } = processes(1);
    const load = counted(nothing);
    const asked = Array.from({ length: 10 }, () => cache.getOrSet<unknown>('key', SLOT, load));
    expect(new Set(await Promise.all(asked))).toEqual(new Set([nothing]));
    expect([load.mock.calls.length, observer.of('store').length]).toEqual([1, 0]);
  });

  it('leaves room for the value, with the lifetime of that, once it is there', async () => {
    const { cache, clock } = processes(1);
    await timesLoaded(cache, 2, nothing);
    await pass(clock, 5000, 5000);
    await cache.getOrSet<unknown>('key', SLOT, async () => 'there now');
    await pass(clock, 599_999, 600_000);
    expect(await cache.getOrSet<unknown>('key', SLOT, async () => 'later')).toBe('there now');
  });
});

it('keeps what is not nothing at first sight: false, zero and the empty text', async () => {
  const { cache } = processes(1);
  for (const value of [false, 0, '', []]) {
    const key = JSON.stringify(value);
    const load = counted(value);
    for (let n = 0; n < 2; n += 1) expect(await cache.getOrSet(key, SLOT, load)).toEqual(value);
    expect(load).toHaveBeenCalledTimes(1);
  }
});

it('keeps nothing of ten thousand names that somebody makes up', async () => {
  const { cache, observer } = processes(1);
  for (let n = 0; n < 10_000; n += 1) await cache.getOrSet(`made up ${n}`, SLOT, async () => null);
  await settled();
  expect(observer.of('store')).toEqual([]);
});
