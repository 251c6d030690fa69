import { type LocalSentinels, spawnSentinel } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { amount } from '../support/intensity.ts';
import { clientOf } from '../support/rig.ts';
import { freshPath, madeBy, poll, type Shop, times } from '../support/shop.ts';
import { open, settle, stores } from './kit.ts';
import { load } from './load.ts';
import { listen } from './news.ts';

/** What the primary acknowledges from now on, nobody else hears of. */
async function cutReplicas({ nodes }: LocalSentinels): Promise<void> {
  const primary = await clientOf(nodes[0]!);
  // Connections that stand are not asked for it; replicas that have to connect again do not know it.
  await primary.config('SET', 'requirepass', 'secret');
  await primary.client('KILL', 'TYPE', 'replica');
}

async function acknowledgedAndLost(sentinels: LocalSentinels, shop: Shop): Promise<void> {
  await cutReplicas(sentinels);
  expect(await shop.call('invalidate', 'thing')).toEqual({ state: 'done' });
  await sentinels.nodes[0]!.kill('SIGKILL');
}

async function acknowledgedByNobody(sentinels: LocalSentinels, shop: Shop): Promise<void> {
  await sentinels.nodes[0]!.kill('SIGKILL');
  expect(await shop.call('invalidate', 'thing')).toEqual({ state: 'pending' });
}

describe('F11: a primary that is killed, and replaced by Sentinels', () => {
  it.each([
    ['which the old one acknowledged, and told nobody of', acknowledgedAndLost],
    ['which nobody had acknowledged', acknowledgedByNobody],
  ])('F11: nobody is answered wrongly, and the new one is told of an invalidation %s', async (_, kill) => {
    const sentinels = await spawnSentinel();
    onTestFinished(() => sentinels.stop());
    const { name, nodes, primary } = sentinels;
    const place = { name, sentinels: sentinels.sentinels.map(({ host, port }) => ({ host, port })) };
    const made = await open(place, { processes: 2, memory: false });
    // To the primary: for calls, and to hear of fills.
    await settle(made, 2);
    const [one, two] = [made.shops[0]!, made.shops[1]!];
    const old = await one.ask('/a');
    await poll(async () => (await two.ask('/a')).x).toBe('HIT');
    await (await clientOf(nodes[0]!)).wait(2, 0);
    const crowd = load(amount(4, 40), () => [made.shops[Math.round(Math.random())]!, freshPath()]);
    const news = await listen(one);

    await kill(sentinels, one);
    const acknowledged = (await news()).count('invalidate ok');
    await poll(async () => (await primary().catch(() => nodes[0])) !== nodes[0]).toBe(true);
    await poll(async () => (await news()).count('invalidate ok')).toBeGreaterThan(acknowledged);

    const after = await Promise.all(times(10, (i) => made.shops[i % 2]!.ask('/a')));
    expect(madeBy(after)).not.toContainEqual(madeBy([old])[0]);
    for (const shop of made.shops) await stores(shop);
    expect(Object.keys(await crowd.stop())).toEqual(['MISS']);
    expect((await news()).connections[0]).toBe('lost');
    await poll(async () => {
      const { pending, connections } = await news();
      return [pending, connections.at(-1)];
    }).toEqual([0, 'ready']);
  });
});
