import { type LocalRedis, spawnRedis } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settle } from '../availability/kit.ts';
import type { Setup } from '../support/process.ts';
import { clientOf } from '../support/rig.ts';
import { madeBy, poll, type Reply, startShop, times } from '../support/shop.ts';
import { copyPackages } from './copies.ts';

async function server(): Promise<LocalRedis> {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  return redis;
}

const namespace = `copies-${process.pid}`;

const setupOn = ({ url }: LocalRedis): Setup => ({
  redis: url,
  namespace,
  policy: { ttl: 600 },
  fills: { waitTimeout: 3600, fillTimeout: 3600 },
  mortal: false,
  memory: false,
});

/** The shop of this copy of the packages, and one of another, each in a process of its own. */
async function twoShops(other: 'the same' | 'a newer') {
  const redis = await server();
  const client = await clientOf(redis);
  const copy = await copyPackages();
  if (other === 'a newer') await copy.reframe();
  const program = copy.url('test/faults/support/process.ts');
  const [one, two] = await Promise.all([
    startShop(setupOn(redis)),
    startShop(setupOn(redis), onTestFinished, program),
  ]);
  await settle({ namespace, shops: [one, two], one });
  await client.flushall();
  const locks = async () => client.mget('', ...(await client.keys('larder:*:l:*')));
  return { one, two, shops: [one, two], client, locks };
}

describe('F59: processes with different copies of the packages, on one Redis', () => {
  it('F59: share what they store where they are of the same version', async () => {
    const { one, two } = await twoShops('the same');
    const first = await one.ask('/a');
    await poll(async () => madeBy([await two.ask('/a')])).toEqual(madeBy([first]));
    expect(await two.call('invalidate', 'thing')).toEqual({ state: 'done' });
    expect(await one.ask('/a')).toMatchObject({ x: 'MISS', by: one.pid });
  });

  it('F59: keep what they store side by side where their frames differ, and hear of each other’s fills and invalidations', async () => {
    const { one, two, shops, client, locks } = await twoShops('a newer');
    const replies: Reply[] = [];
    const askAll = async () => {
      for (let i = 0; i < 10; i += 1) replies.push(await shops[i % 2]!.ask('/a'));
    };
    await askAll();
    expect(madeBy(replies)).toEqual(
      shops.map(({ pid }) => `200 by run ${replies.find(({ by }) => by === pid)!.run} of ${pid}`),
    );
    expect(await client.keys('larder:*:e:*')).toHaveLength(2);

    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'done' });
    await one.call('behave', 'answers', 'held');
    const leader = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(2);
    const waiting = two.ask('/a');
    await poll(locks).toContainEqual(expect.stringMatching(/\+$/));
    expect(await two.runs('/a')).toHaveLength(1);
    await one.call('free');
    expect([(await leader).by, (await waiting).by]).toEqual([one.pid, two.pid]);
    await askAll();
    expect([(await one.runs('/a')).length, (await two.runs('/a')).length]).toEqual([2, 2]);
    for (const shop of shops) expect((await shop.call('told')).errors).toEqual([]);
  });
});

describe('F59: two copies of the packages in one process, one around the other', () => {
  it('F59: capture a response once, and both know what becomes of it', async () => {
    const redis = await server();
    const copy = await copyPackages();
    const before = copy.url('test/faults/lifecycle/other-copy.ts').href;
    const one = await startShop({ ...setupOn(redis), before });
    const client = await clientOf(redis);
    // Both connect when they are first asked.
    await one.ask('/first');
    await one.begin();
    onTestFinished(() => one.end());
    const asking = times(5, () => one.ask('/a'));
    // Neither waits for the other, which would wait for it.
    await poll(() => one.runs('/a')).toHaveLength(1);
    const replies = await Promise.all(asking);
    expect(madeBy([...replies, await one.ask('/a')])).toHaveLength(1);
    expect(await client.keys('larder:*:l:*')).toEqual([]);
    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'done' });
    expect(madeBy([await one.ask('/a')])).not.toEqual(madeBy(replies));
    expect((await one.call('told')).errors).toEqual([]);
  });
});
