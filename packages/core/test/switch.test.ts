import { describe, expect, it, vi } from 'vitest';
import { Cache, memoryStore, type SharedContext, unsharedLock } from '../src/index.ts';
import { manualClock, recordingObserver } from '../src/testing/index.ts';

/** Caches of several processes on one tier, which says that it is off to whoever asks it. */
function processes(count: number) {
  const clock = manualClock();
  const shared = memoryStore({}, { namespace: 'shared', clock });
  const tier = { off: false, failing: false };
  const open = ({ off }: SharedContext) => ({
    store: {
      ...shared,
      async get(...args: Parameters<typeof shared.get>) {
        if (tier.off) off();
        return tier.off ? undefined : shared.get(...args);
      },
      snapshot: shared.snapshot.bind(shared),
      invalidate: shared.invalidate.bind(shared),
      close: async () => {},
    },
    lock: unsharedLock,
    allSwitch: {
      async turn(on: boolean) {
        if (tier.failing) throw new Error('cannot be reached');
        tier.off = !on;
      },
      async isOn() {
        if (tier.failing) throw new Error('cannot be reached');
        return !tier.off;
      },
    },
  });
  const { observe, of } = recordingObserver();
  const caches = Array.from(
    { length: count },
    () => new Cache({ clock, observe, redis: { name: 'far', open } }),
  );
  return { clock, tier, caches, outcomes: () => of('value').map(({ outcome }) => outcome), of };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a cache that is turned off', () => {
  it('loads for everybody, keeps nothing, and gives nothing of what it kept', async () => {
    const cache = new Cache();
    let loads = 0;
    const load = () => ({ loads: ++loads, at: new Date(0) });
    const ask = () => cache.withCache('key', 60, load);
    expect(await ask()).toMatchObject({ loads: 1 });
    expect(await cache.disable()).toEqual({ state: 'done' });
    expect(await ask()).toEqual({ loads: 2, at: '1970-01-01T00:00:00.000Z' });
    expect(await ask()).toMatchObject({ loads: 3 });
    expect(await cache.enable()).toEqual({ state: 'done' });
    expect(await ask()).toMatchObject({ loads: 4 });
    expect(await ask()).toMatchObject({ loads: 4 });
  });

  it('says of values that they were passed by, and tells of the switch', async () => {
    const { caches, outcomes, of } = processes(1);
    await caches[0]!.disable();
    await caches[0]!.withCache('key', 60, () => 1);
    await caches[0]!.enable();
    expect(outcomes()).toEqual(['bypass']);
    expect(of('switch').map(({ on }) => on)).toEqual([false, true]);
  });

  it('is off in another process once that asks the shared store, which asks every second whether it still is', async () => {
    const { caches, clock, outcomes } = processes(2);
    const [mine, theirs] = caches;
    const load = vi.fn(() => 1);
    const ask = () => theirs!.withCache('key', 600, load);
    await ask();
    await mine!.disable();
    // A copy in memory answers for a second at most.
    clock.advance(1000);
    for (let i = 0; i < 3; i += 1) await ask();
    expect(outcomes()).toEqual(['miss', 'miss', 'bypass', 'bypass']);
    await mine!.enable();
    await ask();
    clock.advance(1000);
    await turn();
    await ask();
    await ask();
    expect(outcomes().slice(4)).toEqual(['bypass', 'miss', 'hit']);
  });

  it('stays off while nobody can be asked whether it still is', async () => {
    const { caches, clock, tier, outcomes } = processes(2);
    const [mine, theirs] = caches;
    await mine!.disable();
    await theirs!.withCache('key', 600, () => 1);
    tier.failing = true;
    for (let second = 0; second < 5; second += 1) {
      clock.advance(1000);
      await turn();
      await mine!.withCache('key', 600, () => 1);
      await theirs!.withCache('key', 600, () => 1);
    }
    expect(new Set(outcomes().slice(1))).toEqual(new Set(['bypass']));
    tier.failing = false;
    tier.off = false;
    clock.advance(1000);
    await turn();
    await theirs!.withCache('key', 600, () => 1);
    expect(outcomes().at(-1)).not.toBe('bypass');
  });

  it('can be turned on by another process than the one that turned it off', async () => {
    const { caches, clock, outcomes } = processes(2);
    const [mine, theirs] = caches;
    await mine!.disable();
    await theirs!.enable();
    clock.advance(1000);
    await turn();
    await mine!.withCache('key', 600, () => 1);
    await mine!.withCache('key', 600, () => 1);
    expect(outcomes()).toEqual(['miss', 'hit']);
  });

  it.each([
    ['off', ['enable', 'disable']],
    ['on', ['disable', 'enable']],
  ] as const)('is %s after who said so last, though the first is not done', async (state, [first, last]) => {
    const { caches, tier, of } = processes(1);
    const [cache] = caches;
    await cache!.disable();
    await Promise.all([cache![first](), cache![last]()]);
    expect(tier.off).toBe(state === 'off');
    await cache!.withCache('key', 600, () => 1);
    expect(of('value').at(-1)!.outcome === 'bypass').toBe(state === 'off');
  });

  it('is not told of any more once the cache is closed', async () => {
    const { caches, clock, tier } = processes(1);
    tier.failing = true;
    await caches[0]!.disable();
    await caches[0]!.close();
    tier.failing = false;
    clock.advance(10_000);
    await turn();
    expect(tier.off).toBe(false);
  });

  it('is off at once where the others cannot be told, and tells them when they can', async () => {
    const { caches, clock, tier, outcomes } = processes(2);
    const [mine] = caches;
    tier.failing = true;
    expect(await mine!.disable()).toEqual({ state: 'pending' });
    await mine!.withCache('key', 600, () => 1);
    expect(outcomes()).toEqual(['bypass']);
    clock.advance(1000);
    await turn();
    expect(tier.off).toBe(false);
    tier.failing = false;
    clock.advance(1000);
    await turn();
    expect(tier.off).toBe(true);
    await mine!.close();
  });

  it('is turned on where that could not be told at once, though it is read meanwhile that it is off', async () => {
    const { caches, clock, tier, outcomes } = processes(1);
    const ask = () => caches[0]!.withCache('key', 600, () => 1);
    await caches[0]!.disable();
    tier.failing = true;
    expect(await caches[0]!.enable()).toEqual({ state: 'pending' });
    await ask();
    tier.failing = false;
    clock.advance(1000);
    await turn();
    expect(tier.off).toBe(false);
    clock.advance(1000);
    await ask();
    await ask();
    expect(outcomes().at(-1)).toBe('hit');
  });

  it('still sends invalidations', async () => {
    const { caches, clock } = processes(2);
    const [mine, theirs] = caches;
    const load = vi.fn(() => load.mock.calls.length);
    const ask = () => theirs!.getOrSet('key', { ttl: 600, tags: ['a'] }, load);
    expect(await ask()).toBe(1);
    await mine!.disable();
    expect(await mine!.invalidate('a')).toEqual({ state: 'done' });
    await mine!.enable();
    clock.advance(1000);
    expect(await ask()).toBe(2);
  });
});
