import { spawnRedis } from '@larder/servers';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientOf, sharedRig, toldTo } from '../support/rig.ts';
import { freshPath, madeBy, poll, times } from '../support/shop.ts';
import { madeAnew, REFUSABLE, shared, watch } from './kit.ts';

const shops = sharedRig(REFUSABLE);

/** What it has of another server it loads so slowly that it takes as long as a test may. */
async function load(client: Redis): Promise<() => Promise<void>> {
  const other = await spawnRedis({ args: ['--rdbcompression', 'no', '--repl-diskless-sync-delay', '0'] });
  onTestFinished(() => other.stop());
  const filler = await clientOf(other);
  await filler.mset(times(4000, (i) => [`key-${i}`, '.'.repeat(2048)]).flat());
  // Between any two keys it looks up from its work, and hears when it may hurry.
  await client.config('SET', 'loading-process-events-interval-bytes', '2048');
  await client.config('SET', 'key-load-delay', '20000');
  const hurry = async () => void (await client.config('SET', 'key-load-delay', '0'));
  onTestFinished(hurry);
  await client.call('REPLICAOF', '127.0.0.1', String(other.port));
  await poll(() => client.info('persistence')).toContain('\nloading:1');
  return async () => {
    await hurry();
    await poll(() => client.info('persistence')).toContain('\nloading:0');
    await client.call('REPLICAOF', 'NO', 'ONE');
  };
}

/** It runs a script that ends only when it is ended. */
async function run(client: Redis): Promise<() => Promise<void>> {
  await client.config('SET', 'lua-time-limit', '1');
  const script = client.duplicate();
  onTestFinished(() => script.disconnect());
  script.on('error', () => {});
  script.eval('while true do end', 0).catch(() => {});
  const answer = () => client.ping().catch((error: Error) => error.message);
  await poll(answer).toMatch(/^BUSY/);
  return async () => void (await client.script('KILL'));
}

describe('F10: a Redis that answers nobody for now', () => {
  it.each([
    ['LOADING', load],
    ['BUSY', run],
  ] as const)(
    'F10: %s: is left alone, and asked again when it is done; told first what is out of date',
    async (reason, begin) => {
      const { one, shops: both, client } = shops();
      const path = freshPath();
      await shared(both, path);
      const since = await watch(both);
      const end = await begin(client);
      for (const shop of both) {
        await madeAnew(shop, path, 6);
        const { breakers, errors } = await since(shop);
        expect([breakers[0], errors]).toEqual(['open', expect.stringContaining(reason)]);
      }
      expect(await one.call('invalidate', 'thing')).toEqual({ state: 'pending' });
      await madeAnew(one, path, 6);
      expect((await since(one)).pending).toBe(1);
      await end();
      await poll(async () => (await since(one)).pending).toBe(0);
      await shared(both, path);
      for (const shop of both)
        expect((await since(shop)).breakers.slice(-2)).toEqual(['half-open', 'closed']);
    },
  );
});

describe('F10: a Redis that has forgotten our scripts', () => {
  it('F10: NOSCRIPT: is given each once more, and nobody notices', async () => {
    const { one, two, shops: both, redis, client, contended } = shops();
    const path = freshPath();
    const since = await watch(both);
    await one.call('behave', 'answers', 'held');
    const leader = one.ask(path);
    await poll(() => one.runs(path)).toHaveLength(1);
    const waiting = two.ask(path);
    await contended();
    const heard = await toldTo(redis);
    const sent = (script: string) => heard.filter(([name]) => name!.toLowerCase() === script).length;
    await client.script('FLUSH');
    await one.call('free');
    // Who waits is told, and so need not ask again.
    expect(madeBy([await leader, await waiting])).toHaveLength(1);
    expect(sent('eval')).toBeGreaterThan(0);
    expect(sent('eval')).toBeLessThanOrEqual(sent('evalsha'));
    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'done' });
    await madeAnew(two, path);
    for (const shop of both) {
      const { outcomes } = await since(shop);
      expect(Object.keys(outcomes).filter((outcome) => !outcome.endsWith(' ok'))).toEqual([]);
    }
  });
});
