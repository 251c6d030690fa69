import { SILENCE, spawnRedis, tcpProxy } from '@larder/servers';
import { expect, it, onTestFinished } from 'vitest';
import { settle } from '../availability/kit.ts';
import { clientOf } from '../support/rig.ts';
import { madeBy, poll, type Reply, startShop } from '../support/shop.ts';
import { type Address, addressOf } from './address.ts';
import { REFUSABLE, shared, watch } from './kit.ts';

/** A primary, and a replica that can be kept from hearing of it. */
async function replicated() {
  const primary = await spawnRedis({ args: ['--repl-diskless-sync-delay', '0'] });
  onTestFinished(() => primary.stop());
  const link = await tcpProxy(primary.port);
  onTestFinished(() => link.stop());
  const replica = await spawnRedis({ args: ['--replicaof', '127.0.0.1', String(link.port)] });
  onTestFinished(() => replica.stop());
  const [writer, reader] = [await clientOf(primary), await clientOf(replica)];
  await poll(() => reader.info('replication')).toContain('master_link_status:up');
  return {
    primary,
    replica,
    /** Resolves once the replica has all that was written. */
    inStep: () => poll(() => writer.wait(1, 1000)).toBe(1),
    separate: () => void link.impose(SILENCE),
    async promote() {
      await primary.kill('SIGKILL');
      await reader.call('REPLICAOF', 'NO', 'ONE');
    },
  };
}

const namespace = `promoted-${process.pid}`;

/** Each process has an address of its own, so that one can be there before the other. */
const shopAt = ({ url }: Address) =>
  startShop({ redis: url, namespace, policy: { ttl: 600 }, fills: {}, mortal: false, ...REFUSABLE });

it('F12: an invalidation that a replica has not heard of when it takes its primary’s place is said again by who has said it', async () => {
  const { primary, replica, inStep, separate, promote } = await replicated();
  const [here, there] = [await addressOf(primary.port), await addressOf(primary.port)];
  const [one, two] = await Promise.all([shopAt(here), shopAt(there)]);
  const shops = [one, two];
  await settle({ namespace, shops, one });
  await shared(shops, '/a');
  const first = await one.ask('/a');
  await inStep();

  separate();
  expect(await one.call('invalidate', 'thing')).toEqual({ state: 'done' });
  const second = await two.ask('/a');
  expect(second.x).toBe('MISS');
  await promote();
  const since = await watch(shops);
  there.leadTo(replica.port);
  // It is there again, and nothing is known there of its being out of date.
  await poll(async () => madeBy([await two.ask('/a')])).toEqual(madeBy([first]));

  here.leadTo(replica.port);
  await poll(async () => (await since(one)).outcomes['invalidate ok']).toBe(1);
  const replies: Reply[] = [];
  for (let i = 0; i < 20; i += 1) replies.push(await shops[i % 2]!.ask('/a'));
  expect(madeBy(replies)).not.toContainEqual(madeBy([first])[0]);
  await shared(shops, '/a');
  expect((await since(one)).pending).toBe(0);
});
