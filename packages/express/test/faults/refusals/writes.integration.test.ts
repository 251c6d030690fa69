import { refuseWrites } from '@larder/servers';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Rig, sharedRig } from '../support/rig.ts';
import { freshPath, poll } from '../support/shop.ts';
import { madeAnew, REFUSABLE, shared, watch } from './kit.ts';

const shops = sharedRig(REFUSABLE);

/** For the rest of the test. */
async function configured(client: Redis, name: string, value: string): Promise<() => Promise<void>> {
  const [, before] = (await client.config('GET', name)) as [string, string];
  const restore = async () => void (await client.config('SET', name, before));
  onTestFinished(restore);
  await client.config('SET', name, value);
  return restore;
}

describe('F8: a Redis that is full, and evicts nothing', () => {
  it('F8: is read as before, takes nothing in, and is told of what is out of date', async () => {
    const { one, two, shops: both, client, keys } = shops();
    const [path, other] = [freshPath(), freshPath()];
    const first = await one.ask(path);
    await poll(async () => (await two.ask(path)).x).toBe('HIT');
    const [entries, since] = [new Set(await keys('e')), await watch(both)];
    const relieve = await configured(client, 'maxmemory', '1');
    for (const shop of both) {
      expect(await shop.ask(path)).toMatchObject({ status: 200, x: 'HIT', run: first.run, by: one.pid });
      await madeAnew(shop, other, 5);
    }
    expect(new Set(await keys('e'))).toEqual(entries);
    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'done' });
    for (const shop of both) {
      await madeAnew(shop, path);
      const { breakers, connections, outcomes, errors, pending } = await since(shop);
      expect([breakers, connections, pending]).toEqual([[], [], 0]);
      const { 'snapshot failed': unprepared = 0, 'set failed': unstored = 0, ...others } = outcomes;
      expect(unprepared + unstored).toBe(6);
      expect(others['get failed']).toBeUndefined();
      expect(errors).not.toBe('');
    }
    await relieve();
    await shared(both, path);
  });

  it('F8: and was not when a fill began, has its answer, and lets go of the key', async () => {
    const { one, two, shops: both, client, keys, locks, contended } = shops();
    const path = freshPath();
    const [entries, since] = [new Set(await keys('e')), await watch(both)];
    await one.call('behave', 'answers', 'held');
    const leader = one.ask(path);
    await poll(() => one.runs(path)).toHaveLength(1);
    const waiting = two.ask(path);
    await contended();
    await configured(client, 'maxmemory', '1');
    await one.call('free');
    expect(await leader).toMatchObject({ status: 200, x: 'MISS', by: one.pid });
    expect(await waiting).toMatchObject({ status: 200, by: two.pid });
    expect(await locks()).toEqual([]);
    expect(new Set(await keys('e'))).toEqual(entries);
    expect((await since(one)).outcomes['set failed']).toBe(1);
  });
});

describe('F9: a primary that becomes a replica', () => {
  it('F9: is read on by those who have nothing to tell it, and is told what is out of date once it may write', async () => {
    const { one, two, shops: both, client, keys } = shops();
    const [path, other] = [freshPath(), freshPath()];
    const first = await one.ask(path);
    await poll(async () => (await two.ask(path)).x).toBe('HIT');
    const [entries, since] = [new Set(await keys('e')), await watch(both)];
    const promote = async () => void (await client.call('REPLICAOF', 'NO', 'ONE'));
    onTestFinished(promote);
    // Nobody is there whom it could follow.
    await client.call('REPLICAOF', '127.0.0.1', '1');
    await madeAnew(two, other);
    // At another address there might be a primary by now.
    await poll(async () => (await since(two)).connections).toEqual(['lost', 'ready']);
    expect(await two.ask(path)).toMatchObject({ x: 'HIT', run: first.run, by: one.pid });

    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'pending' });
    await madeAnew(one, path, 5);
    await poll(async () => (await since(one)).connections.slice(0, 2)).toEqual(['lost', 'ready']);
    // Tried again and again; never taken for done.
    const tries = async () => (await since(one)).outcomes;
    await poll(async () => (await tries())['invalidate failed']).toBeGreaterThan(2);
    expect([(await tries())['invalidate ok'], (await since(one)).pending]).toEqual([undefined, 1]);
    expect(await two.ask(path)).toMatchObject({ x: 'HIT', run: first.run, by: one.pid });
    expect(new Set(await keys('e'))).toEqual(entries);

    await promote();
    await poll(async () => (await since(one)).pending).toBe(0);
    await madeAnew(two, path);
    await shared(both, path);
    expect((await since(one)).errors).toContain('READONLY');
  });
});

/** As nobody can be found who has what it has. */
const forNoReplicas = ({ client }: Rig) => configured(client, 'min-replicas-to-write', '1');

/** As it could not write to its disk. */
async function forNoDisk({ redis }: Rig): Promise<() => Promise<void>> {
  const accept = await refuseWrites(redis);
  onTestFinished(accept);
  return accept;
}

describe('F10: a Redis that takes no writes', () => {
  it.each([
    // Before Redis 7 that is nothing to a script.
    ['NOREPLICAS', forNoReplicas, ['pending', 'done']],
    ['MISCONF', forNoDisk, ['pending']],
  ] as const)(
    'F10: %s: is not left alone for that, and told what is out of date when it takes them',
    async (reason, refuse, states) => {
      const { one, two, shops: both, keys } = shops();
      const [path, other] = [freshPath(), freshPath()];
      const first = await one.ask(path);
      await poll(async () => (await two.ask(path)).x).toBe('HIT');
      const [entries, since] = [new Set(await keys('e')), await watch(both)];
      const accept = await refuse(shops());
      await madeAnew(two, other, 10);
      expect(await two.ask(path)).toMatchObject({ x: 'HIT', run: first.run, by: one.pid });
      const { state } = await one.call('invalidate', 'thing');
      expect(states).toContain(state);
      await madeAnew(one, path, 10);
      expect((await since(one)).pending).toBe(state === 'pending' ? 1 : 0);
      expect(new Set(await keys('e'))).toEqual(entries);
      await accept();
      await poll(async () => (await since(one)).pending).toBe(0);
      await madeAnew(two, path);
      await shared(both, path);
      for (const shop of both) {
        const { breakers, connections, errors } = await since(shop);
        expect([breakers, connections]).toEqual([[], []]);
        expect(errors).toContain(reason);
      }
    },
  );
});
