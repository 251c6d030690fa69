import { describe, expect, it } from 'vitest';
import { type Rig, sharedRig } from './support/rig.ts';
import { freshPath, madeBy, poll, type Reply, type Shop, times } from './support/shop.ts';

const shops = sharedRig();

const atOnce = (shop: Shop) => poll(async () => (await shop.state()).atOnce);

/** Ten requests in each of two processes for one key, one of which leads them all. */
async function crowd({ one, two, contended }: Rig, path: string): Promise<{ replies: Promise<Reply[]> }> {
  const leader = one.ask(path);
  await poll(() => one.runs(path)).toHaveLength(1);
  const others = [...times(9, () => one.ask(path)), ...times(10, () => two.ask(path))];
  await one.arrivals(10);
  await two.arrivals(10);
  await contended();
  expect([await one.runs(path), await two.runs(path)].map(({ length }) => length)).toEqual([1, 0]);
  return { replies: Promise.all([leader, ...others]) };
}

describe('F33: a response that turns out to be for nobody else', () => {
  it('F33: sets everybody free at once, and those who come later in both processes', async () => {
    const made = shops();
    const path = freshPath();
    const { one, two } = made;
    for (const shop of [one, two]) await shop.call('behave', 'is private', 'held');
    const asking = await crowd(made, path);
    await one.call('go');
    // All at the same time, for none of them has been let go on.
    await atOnce(one).toBe(9);
    await atOnce(two).toBe(10);
    const later = [...times(3, () => one.ask(path)), ...times(3, () => two.ask(path))];
    await atOnce(one).toBe(12);
    await atOnce(two).toBe(13);
    for (const shop of [one, two]) await shop.call('free');
    const replies = [...(await asking.replies), ...(await Promise.all(later))];
    expect(madeBy(replies)).toHaveLength(26);
    expect(new Set(replies.map(({ status, x }) => [status, x].join()))).toEqual(new Set(['200,MISS']));
  });

  it('F33: is forgotten once a response can be stored: the next ones queue again', async () => {
    const { one, two, contended } = shops();
    const path = freshPath();
    await one.call('behave', ['is private', 'answers']);
    expect([(await one.ask(path)).x, (await one.ask(path)).x]).toEqual(['MISS', 'MISS']);
    expect([(await one.ask(path)).x, (await two.ask(path)).x]).toEqual(['HIT', 'HIT']);
    await one.call('behave', 'answers', 'held');
    // In both: each has a copy that it need not confirm for a second.
    for (const shop of [one, two]) await shop.call('invalidate', 'thing');
    const leader = one.ask(path);
    await poll(() => one.runs(path)).toHaveLength(3);
    const others = [...times(5, () => one.ask(path)), two.ask(path)];
    await one.arrivals(9);
    await contended();
    await one.call('free');
    expect(madeBy([await leader, ...(await Promise.all(others))])).toHaveLength(1);
  });
});

describe('F34: a handler that fails', () => {
  it.each(['throws', 'is unavailable'] as const)(
    'F34: gives each of many an error of his own, in bounded batches: it %s',
    async (how) => {
      const made = shops();
      const path = freshPath();
      const { one, two, locks, keys } = made;
      const entries = new Set(await keys('e'));
      for (const shop of [one, two]) await shop.call('behave', how, 'held');
      const asking = await crowd(made, path);
      const inBatches = async (shop: Shop) => {
        for (const batch of [1, 1, 2, 4, 2]) {
          await atOnce(shop).toBe(batch);
          await shop.call('go');
        }
      };
      await Promise.all([inBatches(one), inBatches(two)]);
      const replies = await asking.replies;
      expect(madeBy(replies)).toHaveLength(20);
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([how === 'throws' ? 500 : 503]));
      for (const shop of [one, two]) {
        const { crowding } = await shop.state();
        // The first leads; of those behind it never more run than have failed.
        for (const { running, ended } of crowding.filter((run) => run.path === path)) {
          expect(running).toBeLessThanOrEqual(Math.max(1, ended));
        }
      }
      await poll(locks).toEqual([]);
      expect(new Set(await keys('e'))).toEqual(entries);
      await one.call('behave', 'answers');
      expect(await one.ask(path)).toMatchObject({ status: 200, x: 'MISS' });
    },
  );

  it('F34: is not asked again by those whom the next one’s answer serves', async () => {
    const made = shops();
    const path = freshPath();
    const { one, two } = made;
    await one.call('behave', ['throws', 'answers'], 'held');
    const asking = await crowd(made, path);
    await one.call('free');
    const replies = await asking.replies;
    expect(replies.filter(({ status }) => status === 500)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(19);
    const runs = [await one.runs(path), await two.runs(path)].map(({ length }) => length);
    // In each process one of those who waited asks at most, and may find what the other has made.
    expect(runs[0]! + runs[1]!).toBeLessThanOrEqual(3);
  });
});
