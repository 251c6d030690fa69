import { describe, expect, it } from 'vitest';
import { Cache, type LarderError } from '../../src/index.ts';
import { valueKey } from '../../src/key.ts';
import { manualClock } from '../../src/testing/index.ts';
import { everybody, given, heldLoads, pass, processes, settled, watched } from '../support/processes.ts';

const TTL = { ttl: 600 };
const LOCK_KEY = valueKey('default', 'key');

describe('a load that hangs', () => {
  const hang = () => new Promise<string>(() => {});
  const codeOf = (error: unknown) => (error as LarderError).code;

  it('has failed after its time, and the key is free', async () => {
    const { caches, clock } = processes(2);
    const slow = watched(caches[0]!.getOrSet('key', { ttl: 60, fillTimeout: 5 }, hang));
    await pass(clock, 4999);
    expect(slow.state).toBe('waiting');
    await pass(clock, 1);
    expect([slow.state, codeOf(slow.error)]).toEqual(['failed', 'LARDER_TIMEOUT']);
    expect(await caches[1]!.getOrSet('key', TTL, async () => 'value')).toBe('value');
  });

  it('has thirty seconds where nobody says otherwise', async () => {
    const { cache, clock } = processes(1);
    const slow = watched(cache.getOrSet('key', TTL, hang));
    await pass(clock, 29_999);
    expect(slow.state).toBe('waiting');
    await pass(clock, 1);
    expect(codeOf(slow.error)).toBe('LARDER_TIMEOUT');
  });

  it('is waited for by others for so long, and then all of them load, as many at a time as may', async () => {
    const { caches, clock } = processes(2, { fills: { waitTimeout: 10, maxConcurrentFills: 4 } });
    const first = watched(caches[0]!.getOrSet('key', TTL, hang));
    const { load, counts, begun } = heldLoads<string>();
    const asked = everybody(caches, 20, (cache) => cache.getOrSet('key', TTL, load));
    await pass(clock, 9999);
    expect(load).not.toHaveBeenCalled();
    await pass(clock, 1);
    // Three beside the one that hangs, and four in the other process.
    expect(counts.running).toBe(7);
    for (const run of begun.splice(0)) run.resolve('value');
    await settled();
    expect([given(asked).length, first.state]).toEqual([20, 'waiting']);
    expect(counts.most).toBe(7);
  });

  it('gives its value to who had waited too long for it and was still in the queue', async () => {
    const { cache, clock } = processes(1, { fills: { waitTimeout: 10, maxConcurrentFills: 1 } });
    const { load, endNext } = heldLoads<string>();
    const asked = everybody([cache], 3, (cache) => cache.getOrSet('key', TTL, load));
    await pass(clock, 11_000);
    expect(load).toHaveBeenCalledTimes(1);
    endNext('value');
    await settled();
    expect([given(asked).length, load.mock.calls.length]).toEqual([3, 1]);
  });

  it('does not store what comes of it in the end', async () => {
    const { cache, clock } = processes(1);
    const { load, endNext } = heldLoads<string>();
    const slow = watched(cache.getOrSet('key', { ttl: 60, fillTimeout: 1 }, load));
    await pass(clock, 1000);
    endNext('too late');
    await settled();
    expect(slow.state).toBe('failed');
    expect(await cache.getOrSet('key', TTL, async () => 'value')).toBe('value');
  });

  it('in a process that has died holds others up for as long as a lock lives', async () => {
    const { caches, clock, lock } = processes(1);
    const observed = heldLoads<string>();
    const probe = watched(caches[0]!.getOrSet('key', TTL, observed.load));
    await settled();
    observed.endNext('old');
    await settled();
    expect(probe.value).toBe('old');
    await caches[0]!.invalidateAll();
    // What a process has taken that will not say another word.
    expect((await lock.acquire(LOCK_KEY, 3000)).kind).toBe('held');
    const asked = watched(caches[0]!.getOrSet('key', TTL, async () => 'new'));
    await pass(clock, 2999);
    expect(asked.state).toBe('waiting');
    await pass(clock, 1);
    expect(asked.value).toBe('new');
  });
});

describe('a cache that is closed in the middle of a load', () => {
  it('lets another process go on at once', async () => {
    const { caches, clock } = processes(2);
    const { load, endNext } = heldLoads<string>();
    const [own, other] = everybody(caches, 2, (cache) => cache.getOrSet('key', TTL, load));
    await settled();
    await caches[0]!.close();
    await settled();
    expect([load.mock.calls.length, clock.monotonicMs()]).toEqual([2, 0]);
    endNext('of the closed one');
    endNext('of the other');
    await settled();
    expect([own!.value, other!.value]).toEqual(['of the closed one', 'of the other']);
  });

  it('gives its value to all who wait for it there', async () => {
    const cache = new Cache({ clock: manualClock() });
    const { load, endNext } = heldLoads<string>();
    const asked = everybody([cache], 10, () => cache.getOrSet('key', TTL, load));
    await settled();
    await cache.close();
    endNext('value');
    await settled();
    expect([given(asked).length, load.mock.calls.length]).toEqual([10, 1]);
  });

  it('still loads what is asked of it after that', async () => {
    const cache = new Cache({ clock: manualClock() });
    await cache.close();
    expect(await cache.getOrSet('key', TTL, async () => 'value')).toBe('value');
  });

  it('does not let loose all who wait for their turn', async () => {
    const { cache, clock } = processes(1, { fills: { maxConcurrentFills: 2 } });
    const { load, counts } = heldLoads<string>();
    for (let n = 0; n < 20; n += 1) cache.getOrSet(`key ${n}`, TTL, load).catch(() => {});
    await settled();
    expect(counts.running).toBe(2);
    const closed = cache.close();
    await pass(clock, 5000);
    await closed;
    expect(counts.most).toBe(2);
  });
});
