import { describe, expect, it } from 'vitest';
import type { Run } from './support/process.ts';
import { rig } from './support/rig.ts';
import { madeBy, poll, type Reply, type Shop, times } from './support/shop.ts';

const refreshesOf = async (shops: readonly Shop[]): Promise<Run[]> => {
  const runs = await Promise.all(shops.map((shop) => shop.runs('/a')));
  return runs.flat().filter(({ unseen }) => unseen);
};

describe('F42: a refresh in the background that fails for ever', () => {
  it('F42: runs one at a time over two processes, and ever more seldom; stale until its window ends, then the error', async () => {
    const { one, two, shops } = await rig({ policy: { ttl: 1, staleWhileRevalidate: 6 } });
    const first = await one.ask('/a');
    for (const shop of shops) await shop.call('behave', 'throws', 'held');
    const replies: Reply[] = [];
    const ask = async () => {
      replies.push(...(await Promise.all(shops.map((shop) => shop.ask('/a')))));
      return replies.at(-1)!.status;
    };
    await poll(async () => {
      await ask();
      return refreshesOf(shops);
    }).toHaveLength(1);
    // It is at it, and nobody else is.
    await Promise.all(times(20, ask));
    expect(await refreshesOf(shops)).toHaveLength(1);
    for (const shop of shops) await shop.call('free');
    await poll(ask).toBe(500);
    const stale = replies.filter(({ status }) => status === 200);
    expect(madeBy(stale)).toEqual(madeBy([first]));
    expect(stale.length).toBeGreaterThan(40);
    const refreshes = (await refreshesOf(shops)).sort((a, b) => a.began - b.began);
    for (const [i, { began }] of refreshes.slice(1).entries()) {
      expect(began).toBeGreaterThanOrEqual(refreshes[i]!.ended!);
    }
    // After 1, 2 and 4 seconds at the earliest, in each of two.
    expect(refreshes.length).toBeLessThanOrEqual(2 * 4);
    // The error that is shown at last is of a run that somebody waited for.
    const seen = [...(await one.runs('/a')), ...(await two.runs('/a'))].filter(({ unseen }) => !unseen);
    expect(seen.length).toBeGreaterThan(1);
  });
});

describe('F42: a handler that fails for ever, and what is stale may stand in for it', () => {
  it('F42: shows its error in both processes once that may be no longer', async () => {
    const { one, shops } = await rig({ policy: { ttl: 1, staleIfError: 2 } });
    const first = await one.ask('/a');
    for (const shop of shops) await shop.call('behave', 'is unavailable');
    const replies: Reply[] = [];
    const ask = async () => {
      const both = await Promise.all(shops.map((shop) => shop.ask('/a')));
      replies.push(...both);
      return both.map(({ status }) => status);
    };
    await poll(ask).toEqual([503, 503]);
    const covered = replies.filter(({ status }) => status === 200);
    expect(madeBy(covered)).toEqual(madeBy([first]));
    expect(covered.some(({ headers }) => String(headers['cache-status']).includes('stale-if-error'))).toBe(
      true,
    );
  });
});

describe('F43: a response that nobody asks for', () => {
  it('F43: is not made anew, however long it could be refreshed', async () => {
    const { one, two, keys } = await rig({
      policy: { ttl: 1, staleWhileRevalidate: 2, staleIfError: 2, earlyRefresh: 1 },
    });
    await one.ask('/a');
    await two.ask('/a');
    const runs = async () => [...(await one.runs('/a')), ...(await two.runs('/a'))].length;
    const before = await runs();
    // Redis forgets it when its last window is over.
    await poll(() => keys('e')).toEqual([]);
    expect(await runs()).toBe(before);
  });
});
