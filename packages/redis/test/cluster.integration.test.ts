import { NAMESPACE_TAG, type Store } from '@larder/core';
import { sharedStoreContract, storeContract, sweepContract } from '@larder/core/testing';
import { spawnCluster, spawnRedis } from '@larder/servers';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RedisTierOptions, redisTier } from '../src/index.ts';
import { useCluster } from './support/cluster.ts';
import { contextOf } from './support/context.ts';
import { valueEntry } from './support/entry.ts';
import { untilReady } from './support/ready.ts';
import { namespace } from './support/tier.ts';

const used = useCluster();

const PATIENT: RedisTierOptions = { commandTimeoutMs: 5000 };

async function open(
  place: string,
  clock?: Parameters<typeof contextOf>[1],
  options: RedisTierOptions = {},
): Promise<Store> {
  const { store, lock } = redisTier({ cluster: used.cluster.seeds }, { ...PATIENT, ...options }).open(
    contextOf(place, clock),
  );
  await lock.close();
  await untilReady(store);
  return store;
}

const names = (place: string) => used.names(`*larder:${place}:*`);

const run = namespace('cluster');
storeContract('a Cluster', (clock, place) => open(`${run}-${place}`, clock));
sweepContract('a Cluster', (clock, place) => open(`${run}-w-${place}`, clock, { names: 'text' }));
sharedStoreContract('a Cluster', (clock, place) => open(`${run}-s-${place}`, clock));

describe('in a Cluster', () => {
  it('entries lie on all nodes, and every key has a TTL', async () => {
    const place = namespace('spread');
    const store = await open(place);
    for (let i = 0; i < 100; i += 1) {
      const entry = valueEntry({ key: `key ${i}`, tags: ['n:', `t:${i % 10}`] });
      expect(await (await store.snapshot(entry.tags, entry.key)).set(entry)).toBe(true);
    }
    for (const node of used.eyes.nodes('master')) {
      const here = await node.keys(`larder:${place}:1:e:*`);
      expect(here.length).toBeGreaterThan(0);
    }
    for (const name of await names(place)) expect(await used.eyes.pttl(name)).toBeGreaterThan(0);
    await store.close();
  });

  it('everything falls at once with the namespace, wherever it lies', async () => {
    const store = await open(namespace('purge'));
    const entries = Array.from({ length: 50 }, (_, i) => valueEntry({ key: `key ${i}` }));
    for (const entry of entries) await (await store.snapshot(entry.tags, entry.key)).set(entry);
    const found = async () =>
      (await Promise.all(entries.map(({ key, tags }) => store.get(key, tags)))).filter(Boolean).length;
    expect(await found()).toBe(50);
    expect(await store.invalidate([NAMESPACE_TAG])).toBe('done');
    expect(await found()).toBe(0);
    await store.close();
  });

  it('a snapshot taken for one key stores another as well, whose node it knew nothing of', async () => {
    const store = await open(namespace('elsewhere'));
    const snapshot = await store.snapshot(['n:'], 'key');
    for (let i = 0; i < 20; i += 1) {
      const entry = valueEntry({ key: `other ${i}`, tags: ['n:'] });
      expect(await snapshot.set(entry)).toBe(true);
      expect(await store.get(entry.key, entry.tags)).toBeDefined();
    }
    await store.invalidate([NAMESPACE_TAG]);
    expect(await snapshot.set(valueEntry({ key: 'after', tags: ['n:'] }))).toBe(false);
    await store.close();
  });

  it('can be turned off and on for all', async () => {
    const place = namespace('switch');
    let off = 0;
    const context = contextOf(place, undefined, { off: () => (off += 1) });
    const { store, allSwitch, lock } = redisTier({ cluster: used.cluster.seeds }, PATIENT).open(context);
    await untilReady(store);
    const entry = valueEntry();
    await (await store.snapshot(entry.tags, entry.key)).set(entry);
    await allSwitch!.turn(false);
    expect(await store.get(entry.key, entry.tags)).toBeUndefined();
    expect(off).toBe(1);
    await store.invalidate([NAMESPACE_TAG]);
    expect(await (await store.snapshot(entry.tags, entry.key)).set(entry)).toBe(false);
    await allSwitch!.turn(true);
    expect(await (await store.snapshot(entry.tags, entry.key)).set(entry)).toBe(true);
    expect(await store.get(entry.key, entry.tags)).toBeDefined();
    await lock.close();
    await store.close();
  });

  it('a lock is held by one, and found free again though nothing is heard', async () => {
    const place = namespace('lock');
    const [mine, theirs] = [1, 2].map(() =>
      redisTier({ cluster: used.cluster.seeds }, PATIENT).open(contextOf(place)),
    );
    await untilReady(mine!.store);
    await untilReady(theirs!.store);
    const hold = await mine!.lock.acquire('key', 60_000);
    const grant = await theirs!.lock.acquire('key', 60_000);
    if (hold.kind !== 'held' || grant.kind !== 'taken') throw new Error('one of two should have it');
    const freed = grant.freed(60_000);
    await hold.release('stored');
    // Not heard: found out by asking again.
    expect(await freed).toBeUndefined();
    expect((await theirs!.lock.acquire('key', 60_000)).kind).toBe('held');
    for (const { lock, store } of [mine!, theirs!]) {
      await lock.close();
      await store.close();
    }
  });

  it('a client of the app’s is used as it is, with its prefix, and left open', async () => {
    const place = namespace('handed');
    const mine = new Cluster([...used.cluster.seeds], {
      redisOptions: { keyPrefix: 'app:' },
      keyPrefix: 'app:',
    });
    const { store } = redisTier(mine, PATIENT).open(contextOf(place));
    await untilReady(store);
    const entry = valueEntry();
    await (await store.snapshot(entry.tags, entry.key)).set(entry);
    expect(await store.get(entry.key, entry.tags)).toBeDefined();
    await store.close();
    expect((await names(place)).every((name) => name.startsWith('app:larder:'))).toBe(true);
    expect(await mine.ping()).toBe('PONG');
    mine.disconnect();
  });

  it('whose node begins anew with what it had saved long ago, is told again what that had acknowledged', async () => {
    const own = await spawnCluster({ replicas: 0 });
    onTestFinished(() => own.stop());
    const place = namespace('older');
    const repeats: number[] = [];
    const { store, lock } = redisTier({ cluster: own.seeds }, PATIENT).open(
      contextOf(place, undefined, { forgot: () => repeats.push(1) }),
    );
    onTestFinished(() => store.close());
    await lock.close();
    await untilReady(store);
    const entry = valueEntry();
    await (await store.snapshot(entry.tags, entry.key)).set(entry);
    expect(repeats).toEqual([]);
    for (const node of own.nodes) {
      const redis = new Redis(node.url);
      const [, dir] = (await redis.config('GET', 'dir')) as [string, string];
      redis.disconnect();
      await node.kill('SIGKILL');
      const again = await spawnRedis({ port: node.port, dir, args: ['--cluster-enabled', 'yes'] });
      onTestFinished(() => again.stop());
    }
    await expect
      .poll(
        async () => {
          await store.get(entry.key, entry.tags).catch(() => {});
          return repeats.length;
        },
        { timeout: 25_000 },
      )
      .toBeGreaterThan(0);
  });
});
