import { describe, expect, it } from 'vitest';
import { sharedRig } from '../support/rig.ts';
import { freshPath, poll } from '../support/shop.ts';
import { REFUSABLE, shared, watch } from './kit.ts';

const shops = sharedRig(REFUSABLE);

/** What is told of a key: entries, epochs of tags, the log of invalidations, locks. */
const KINDS = ['e', 't', 'i', 'l'] as const;

describe('F10: WRONGTYPE: a key of ours that somebody has made a list of', () => {
  it.each(KINDS)('F10: be it of the kind %s, is a miss, and is overwritten', async (kind) => {
    const { one, two, shops: both, client, namespace, locks } = shops();
    const path = freshPath();
    // Nothing of other tests.
    await client.flushall();
    await shared(both, path);
    await one.call('behave', 'answers', 'held');
    await one.call('invalidate', 'thing');
    const leader = one.ask(path);
    await poll(() => one.runs(path)).toHaveLength(2);
    const since = await watch(both);
    const spoil = async () => {
      const names = await client.keys(`larder:${namespace}:1:${kind}*`);
      for (const name of names) await client.multi().del(name).lpush(name, 'x').exec();
      return names;
    };
    const names = await spoil();
    expect(names).toHaveLength(kind === 't' ? 3 : 1);
    await one.call('free');
    expect(await leader).toMatchObject({ status: 200, by: one.pid });
    expect(await two.ask(path)).toMatchObject({ status: 200 });
    await shared(both, path);
    await spoil();
    await shared(both, path);
    expect(await two.call('invalidate', 'thing')).toEqual({ state: 'done' });
    const anew = await one.ask(path);
    expect(anew).toMatchObject({ status: 200, x: 'MISS' });
    await shared(both, path);
    await poll(locks).toEqual([]);
    const types = await Promise.all(names.map((name) => client.type(name)));
    expect(types).not.toContain('list');
    for (const shop of both) {
      const { outcomes } = await since(shop);
      expect(Object.keys(outcomes).filter((outcome) => !outcome.endsWith(' ok'))).toEqual([]);
    }
  });
});
