import { describe, expect, it } from 'vitest';
import { amount, takeTime } from '../support/intensity.ts';
import { sharedRig } from '../support/rig.ts';
import { freshPath, poll, type Shop, times } from '../support/shop.ts';
import { keptBy, LAG, now } from './kit.ts';

takeTime();

const shops = sharedRig();

interface Invalidated {
  readonly by: Shop;
  readonly began: number;
  readonly acked: number;
}

interface Read {
  readonly by: Shop;
  readonly asked: number;
  /** When the run that it was answered with began. */
  readonly began: number;
}

/** Two processes that invalidate what they, and whoever reads, make anew all the time. */
async function contest(both: readonly Shop[], path: string, rounds: number) {
  const invalidated: Invalidated[] = [];
  const reads: Read[] = [];
  let over = false;
  const invalidate = async (by: Shop) => {
    for (let round = 0; round < rounds; round += 1) {
      const began = now();
      expect(await by.call('invalidate', 'hot')).toEqual({ state: 'done' });
      invalidated.push({ by, began, acked: now() });
      await read(by);
    }
  };
  const read = async (by: Shop) => {
    const asked = now();
    const reply = await by.ask(path);
    expect(reply.status).toBe(200);
    reads.push({ by, asked, began: reply.began });
  };
  const reader = async (by: Shop) => {
    while (!over) await read(by);
  };
  const reading = Promise.all(both.flatMap((shop) => times(3, () => reader(shop))));
  const invalidating = Promise.all(both.map(invalidate)).finally(() => {
    over = true;
  });
  await Promise.all([reading, invalidating]);
  return { invalidated, reads };
}

/** When the newest invalidation began that had to be known to who asks; asked in the order of time. */
function dueBehind(invalidated: readonly Invalidated[], lag: number): (asked: number) => number {
  const inOrder = invalidated.toSorted((a, b) => a.acked - b.acked);
  let [next, due] = [0, 0];
  return (asked) => {
    for (; next < inOrder.length && inOrder[next]!.acked + lag < asked; next += 1)
      due = Math.max(due, inOrder[next]!.began);
    return due;
  };
}

/** Those that were given what had to be known to be out of date: at once to who invalidated it, to others within the lag. */
function outOfDate({ invalidated, reads }: Awaited<ReturnType<typeof contest>>): Read[] {
  const others = dueBehind(invalidated, LAG);
  const own = new Map(
    shops().shops.map((shop) => [
      shop,
      dueBehind(
        invalidated.filter(({ by }) => by === shop),
        0,
      ),
    ]),
  );
  return reads
    .toSorted((a, b) => a.asked - b.asked)
    .filter(({ by, asked, began }) => began < Math.max(others(asked), own.get(by)!(asked)));
}

describe('F53: two processes that invalidate what both make anew, again and again', () => {
  it.each([
    ['makes it at once', 'answers'],
    ['takes a moment to make it', 'takes a moment'],
  ] as const)(
    'F53: whoever %s: nobody is given what is out of date, and everybody is given something',
    async (_, how) => {
      const { one, two } = shops();
      const both = [one, two];
      const path = `${freshPath()}/hot`;
      await keptBy(both, path);
      for (const shop of both) await shop.call('behave', how);
      const seen = await contest(both, path, amount(100, 20_000));
      expect(outOfDate(seen)).toEqual([]);
      for (const shop of both)
        expect(seen.reads.filter(({ by }) => by === shop).length).toBeGreaterThan(amount(100, 20_000));
      await keptBy(both, path);
    },
  );

  it('F53: a key that is invalidated more often than it can be made is answered all the same', async () => {
    const { one, two } = shops();
    const path = `${freshPath()}/hot`;
    await keptBy([one, two], path);
    await one.call('behave', 'takes a moment');
    await two.call('behave', 'takes a moment');
    const rounds = amount(40, 2000);
    let over = false;
    let invalidations = 0;
    const invalidating = (async () => {
      for (; !over; invalidations += 1) await two.call('invalidate', 'hot');
    })();
    for (let round = 0; round < rounds; round += 1)
      for (const reply of await Promise.all([one.ask(path), two.ask(path)])) expect(reply.status).toBe(200);
    over = true;
    await invalidating;
    expect(invalidations).toBeGreaterThan(rounds);
    for (const shop of [one, two]) await poll(async () => (await shop.ask(path)).x).toBe('HIT');
  });
});
