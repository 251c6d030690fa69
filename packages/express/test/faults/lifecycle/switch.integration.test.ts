import { refuseWrites } from '@larder/servers';
import { describe, expect, it } from 'vitest';
import { type Rig, rig } from '../support/rig.ts';
import { madeBy, poll, type Reply, type Shop, startShop } from '../support/shop.ts';

/** Each of them has a copy of its own, which it need not confirm for a second. */
async function allShare({ shops }: Rig, path: string): Promise<string> {
  const made = new Set<string>();
  await poll(async () => {
    const replies = [];
    for (const shop of shops) replies.push(await shop.ask(path));
    made.clear();
    for (const by of madeBy(replies)) made.add(by);
    return [made.size, replies.at(-1)!.x];
  }).toEqual([1, 'HIT']);
  return [...made][0]!;
}

/** How often it has asked whether that is so still. */
const looks = async (shop: Shop): Promise<number> => (await shop.call('told')).outcomes['switch ok'] ?? 0;

/** No reply is anybody else's, or one that was given before. */
function expectOff(shop: Shop, replies: readonly Reply[]): void {
  expect(madeBy(replies)).toHaveLength(replies.length);
  for (const { status, x, by } of replies) expect([status, x, by]).toEqual([200, 'BYPASS', shop.pid]);
}

/** Comes to that, and asks for so long that it has looked some times whether it is so still. */
async function stayOff(shop: Shop, path: string): Promise<void> {
  // By this it may hear of it, too late not to begin.
  expect(await shop.ask(`/new-${shop.pid}`)).toMatchObject({ status: 200, by: shop.pid });
  await poll(async () => (await shop.ask(path)).x).toBe('BYPASS');
  const replies: Reply[] = [];
  const enough = (await looks(shop)) + 2;
  await poll(async () => {
    replies.push(await shop.ask(path));
    return looks(shop);
  }).toBeGreaterThanOrEqual(enough);
  expectOff(shop, replies);
}

describe('F60: a cache that is turned off while it runs, in three processes', () => {
  it('F60: is off at once where that was said and soon everywhere, keeps nothing, and tells of what is out of date', async () => {
    const made = await rig({ processes: 3 });
    const { one, two, shops, redis, client, keys, locks, namespace } = made;
    const before = await allShare(made, '/a');
    await two.call('behave', 'answers', 'held');
    const late = two.ask('/late');
    await poll(() => two.runs('/late')).toHaveLength(1);

    expect(await one.call('turn', false)).toEqual({ state: 'done' });
    expectOff(one, [await one.ask('/a'), await one.ask('/a')]);
    await two.call('free');
    expect(await late).toMatchObject({ status: 200, by: two.pid });
    await poll(locks).toEqual([]);
    // What began before that may come to Redis, where nobody is given it.
    const entries = new Set(await keys('e'));
    const setup = { redis: redis.url, namespace, policy: { ttl: 600 }, fills: {}, mortal: false };
    await Promise.all([...shops, await startShop(setup)].map((shop) => stayOff(shop, '/a')));
    expect(new Set(await keys('e'))).toEqual(entries);
    const told = () => client.xlen(`larder:${namespace}:1:i`);
    const invalidations = await told();
    expect(await two.call('invalidate', 'thing')).toEqual({ state: 'done' });
    expect(await told()).toBe(invalidations + 1);
    await stayOff(one, '/a');

    expect(await two.call('turn', true)).toEqual({ state: 'done' });
    expect(madeBy([await two.ask('/late')])).not.toEqual(madeBy([await late]));
    expect(await allShare(made, '/a')).not.toBe(before);
    for (const shop of shops) expect((await shop.call('told')).switched).toEqual([false, true]);
  });

  it('F60: and could not be told to the others, is off where it was said, and everywhere once they can be', async () => {
    const made = await rig({ processes: 3 });
    const { one, shops, redis } = made;
    const before = await allShare(made, '/a');
    const accept = await refuseWrites(redis);
    expect(await one.call('turn', false)).toEqual({ state: 'pending' });
    expectOff(one, [await one.ask('/a'), await one.ask('/a')]);
    for (const shop of shops.slice(1)) expect(madeBy([await shop.ask('/a')])).toEqual([before]);
    await accept();
    await Promise.all(shops.map((shop) => stayOff(shop, '/a')));
    expect(await one.call('turn', true)).toEqual({ state: 'done' });
    expect(await allShare(made, '/a')).not.toBe(before);
  });

  it('F60: turned on again, and not heard of by the others, is on everywhere once they can be told', async () => {
    const made = await rig({ processes: 3 });
    const { one, shops, redis } = made;
    await allShare(made, '/a');
    expect(await one.call('turn', false)).toEqual({ state: 'done' });
    for (const shop of shops) await poll(async () => (await shop.ask('/a')).x).toBe('BYPASS');
    const accept = await refuseWrites(redis);
    expect(await one.call('turn', true)).toEqual({ state: 'pending' });
    // Where it was turned on it is read meanwhile that it is off.
    for (let i = 0; i < 5; i += 1)
      expect(await one.ask(`/b-${i}`)).toMatchObject({ status: 200, by: one.pid });
    await accept();
    await allShare(made, '/a');
  });
});
