import { describe, expect, it } from 'vitest';
import { sharedRig } from '../support/rig.ts';
import { freshPath, poll, type Shop } from '../support/shop.ts';
import { keptBy, LAG, now } from './kit.ts';

const shops = sharedRig({ policy: { ttl: 600, staleWhileRevalidate: 600 } });

let tags = 0;

function fresh() {
  tags += 1;
  const tag = `tag-${tags}`;
  return { tag, path: `${freshPath()}/${tag}` };
}

const runs = async (shop: Shop, path: string) => (await shop.runs(path)).length;

/** Resolves with when it was begun, once it is done. */
async function invalidate(shop: Shop, tag: string): Promise<number> {
  const since = now();
  expect(await shop.call('invalidate', tag)).toEqual({ state: 'done' });
  return since;
}

/** What each of them keeps in the end was made since; by whom is another question. */
async function keepSince(both: readonly Shop[], path: string, since: number): Promise<void> {
  for (const shop of both) {
    await poll(async () => (await shop.ask(path)).x).toBe('HIT');
    expect((await shop.ask(path)).began).toBeGreaterThan(since);
  }
}

describe('F45: an invalidation while a handler runs that has read what was there before', () => {
  it('F45: in the same process: nobody joins who comes after it, and nothing of it is kept', async () => {
    const { one, two } = shops();
    const { path, tag } = fresh();
    await one.call('behave', 'answers', 'held');
    const first = one.ask(path);
    await poll(() => runs(one, path)).toBe(1);
    const joined = one.ask(path);
    await one.arrivals(2);
    const since = await invalidate(one, tag);
    const late = one.ask(path);
    // It waits for nobody.
    await poll(() => runs(one, path)).toBe(2);
    await one.call('free');
    expect((await late).began).toBeGreaterThan(since);
    expect([(await first).status, (await joined).status]).toEqual([200, 200]);
    await keepSince([one, two], path, since);
  });

  it('F45: by another process: what its readers have waited for is not what they are given', async () => {
    const { one, two, contended } = shops();
    const { path, tag } = fresh();
    await one.call('behave', 'answers', 'held');
    const first = one.ask(path);
    await poll(() => runs(one, path)).toBe(1);
    const waiting = two.ask(path);
    await contended();
    const since = await invalidate(two, tag);
    const late = two.ask(path);
    await two.arrivals(2);
    await one.call('free');
    expect((await late).began).toBeGreaterThan(since);
    expect([(await first).status, (await waiting).status]).toEqual([200, 200]);
    await keepSince([one, two], path, since);
  });

  it('F45: by another process: where the handler runs nobody joins it who comes when that must be known', async () => {
    const { one, two } = shops();
    const { path, tag } = fresh();
    await one.call('behave', 'answers', 'held');
    const first = one.ask(path);
    await poll(() => runs(one, path)).toBe(1);
    const since = await invalidate(two, tag);
    const due = now() + LAG;
    await poll(now).toBeGreaterThan(due);
    const late = one.ask(path);
    await one.arrivals(2);
    await poll(() => runs(one, path)).toBe(2);
    await one.call('free');
    expect((await late).began).toBeGreaterThan(since);
    await first;
    await keepSince([one, two], path, since);
  });

  it.each(['the same process', 'another process'])(
    'F45: by %s: a refresh in the background is not waited for, nor what is stale given',
    async (by) => {
      const { one, two } = shops();
      const { path, tag } = fresh();
      await keptBy([one, two], path);
      await one.call('behave', 'answers', 'held');
      await one.call('invalidate', tag, { soft: true });
      expect(await one.ask(path)).toMatchObject({ status: 200, x: 'STALE' });
      const before = await runs(one, path);
      await poll(async () => (await one.runs(path)).at(-1)!.unseen).toBe(true);
      const invalidating = by === 'another process' ? two : one;
      const since = await invalidate(invalidating, tag);
      const late = invalidating.ask(path);
      if (invalidating === one) await poll(() => runs(one, path)).toBe(before + 1);
      await one.call('free');
      expect((await late).began).toBeGreaterThan(since);
      await keepSince([one, two], path, since);
    },
  );
});
