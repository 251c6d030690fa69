import { describe, expect, it } from 'vitest';
import type { ValueOptions } from '../../src/index.ts';
import { heldLoads, pass, processes, settled, watched } from '../support/processes.ts';

const EARLY = { ttl: 60, earlyRefresh: 1 };

/** Processes where `key` took `costMs` to load, and chance is what it is set to. */
async function withCost(costMs: number, options: ValueOptions = EARLY, count = 1) {
  const dice = { chance: 0, asked: 0 };
  const random = () => {
    dice.asked += 1;
    return dice.chance;
  };
  const rig = processes(count, { random });
  const { load, endNext } = heldLoads<string>();
  const first = rig.cache.getOrSet('key', options, load);
  await pass(rig.clock, costMs);
  endNext('old');
  await first;
  const behind = heldLoads<string>();
  const ask = (n = 0) => rig.caches[n]!.getOrSet('key', options, behind.load);
  return { ...rig, dice, behind, ask };
}
/** The chance at which a value that has so many times its cost left is just loaded. */
const edge = (times: number) => 1 - Math.exp(-times);

describe('a value that may be loaded before it ends', () => {
  it('is given fresh while one load runs behind it, and then is the new one', async () => {
    const { ask, behind, clock, dice, observer } = await withCost(1000);
    await pass(clock, 59_000, 59_000);
    dice.chance = edge(1) + 0.01;
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['old', 'old', 'old']);
    await settled();
    expect(behind.counts.running).toBe(1);
    expect(
      observer
        .of('value')
        .slice(1)
        .map(({ outcome }) => outcome),
    ).toEqual(['hit', 'hit', 'hit']);
    behind.endNext('new');
    await settled();
    expect(await ask()).toBe('new');
    expect(observer.of('refresh')).toMatchObject([{ reason: 'early', outcome: 'stored', route: '(value)' }]);
  });

  it('is loaded once by however many processes', async () => {
    const { ask, behind, clock, dice } = await withCost(1000, EARLY, 3);
    await pass(clock, 59_000, 59_000);
    dice.chance = edge(2);
    expect(await Promise.all([ask(0), ask(1), ask(2)])).toEqual(['old', 'old', 'old']);
    await settled();
    expect(behind.load).toHaveBeenCalledTimes(1);
    behind.endNext('new');
    await settled();
    expect(await Promise.all([ask(0), ask(1), ask(2)])).toEqual(['new', 'new', 'new']);
    expect(behind.load).toHaveBeenCalledTimes(1);
  });

  it('is not loaded where chance says no', async () => {
    const { ask, behind, clock, dice } = await withCost(1000);
    await pass(clock, 59_000, 59_000);
    dice.chance = edge(1) - 0.01;
    await ask();
    await settled();
    expect(behind.load).not.toHaveBeenCalled();
  });

  it('is the likelier loaded the more it costs', async () => {
    for (const [costMs, loads] of [
      [100, 0],
      [5000, 1],
    ] as const) {
      const { ask, behind, clock, dice } = await withCost(costMs);
      await pass(clock, 59_000, 59_000);
      dice.chance = 0.9;
      await ask();
      await settled();
      expect([costMs, behind.load.mock.calls.length]).toEqual([costMs, loads]);
    }
  });

  it('does not ask chance far from its end, nor where it never is', async () => {
    const far = await withCost(1000);
    const before = far.dice.asked;
    await pass(far.clock, 22_000, 22_000);
    far.dice.chance = 0.999999999;
    await far.ask();
    const never = await withCost(1000, { ttl: 60 });
    await pass(never.clock, 59_999, 59_999);
    never.dice.chance = 0.999999999;
    await never.ask();
    await settled();
    expect([far.dice.asked, far.behind.load.mock.calls.length]).toEqual([before, 0]);
    expect(never.behind.load).not.toHaveBeenCalled();
  });

  it('is kept to its end though loads before it fail, with pauses in between', async () => {
    const { ask, behind, clock, dice } = await withCost(5000);
    await pass(clock, 55_000, 55_000);
    dice.chance = 0.999;
    for (let n = 0; n < 4; n += 1) {
      expect(await ask()).toBe('old');
      await settled();
      if (behind.begun.length > 0) behind.failNext(new Error('database'));
      await pass(clock, 1000);
    }
    expect(behind.load).toHaveBeenCalledTimes(3);
    await pass(clock, 1000);
    const last = watched(ask());
    await settled();
    behind.failNext(new Error('database'));
    await settled();
    expect(last.state).toBe('failed');
  });
});

describe('a lifetime with jitter', () => {
  it.each([
    [0, 60_000],
    [0.5, 45_000],
    [0.999999999, 30_000],
  ])('ends by chance, between its share before and its end: %d', async (chance, lifetimeMs) => {
    const { cache, clock } = processes(1, { random: () => chance });
    const slot = { ttl: 60, jitter: 0.5 };
    await cache.getOrSet('key', slot, async () => 'old');
    await pass(clock, lifetimeMs - 1, 60_000);
    expect(await cache.getOrSet('key', slot, async () => 'new')).toBe('old');
    await pass(clock, 2);
    expect(await cache.getOrSet('key', slot, async () => 'new')).toBe('new');
  });

  it('is rolled for each value anew', async () => {
    let rolls = 0;
    const { cache, clock } = processes(1, { random: () => (rolls++ % 2) * 0.999 });
    const slot = { ttl: 60, jitter: 0.5 };
    for (const key of ['a', 'b', 'c', 'd']) await cache.getOrSet(key, slot, async () => 'old');
    await pass(clock, 45_000, 45_000);
    const values = [];
    for (const key of ['a', 'b', 'c', 'd'])
      values.push(await cache.getOrSet(key, { ttl: 60 }, async () => 'new'));
    expect(values.sort()).toEqual(['new', 'new', 'old', 'old']);
  });
});
