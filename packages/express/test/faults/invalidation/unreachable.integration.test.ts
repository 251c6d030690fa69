import { SILENCE, type TcpProxy } from '@larder/servers';
import { describe, expect, it } from 'vitest';
import { freshPath, poll, type Shop, times } from '../support/shop.ts';
import { freshFrom, keptBy, LAG, now, runOf } from './kit.ts';
import { type Pair, pair, sever } from './pair.ts';

const cut = (proxy: TcpProxy) => sever(proxy);
const hang = (proxy: TcpProxy) => proxy.impose(SILENCE);

const pending = async (shop: Shop): Promise<number> => (await shop.call('told')).pending;

/** A path with a tag of its own, which both have in memory. */
async function kept({ near, far }: Pair, tag = 'tag') {
  const path = `${freshPath()}/${tag}`;
  return { path, old: await keptBy([near, far], path) };
}

describe.each([
  ['cut off', cut],
  ['not answered', hang],
])('F46: who invalidates is %s by Redis', (_, harm) => {
  it('F46: a, b: is told that it is pending, and has forgotten; what it was making is nobody else’s', async () => {
    const both = await pair();
    const { far, proxy } = both;
    const { path } = await kept(both);
    const filling = `${freshPath()}/tag`;
    await far.call('behave', 'answers', 'held');
    const first = far.ask(filling);
    await poll(() => far.runs(filling)).toHaveLength(1);
    const heal = harm(proxy);
    const since = now();
    expect(await far.call('invalidate', 'tag')).toEqual({ state: 'pending' });
    const late = far.ask(filling);
    await poll(() => far.runs(filling)).toHaveLength(2);
    await far.call('free');
    expect((await late).began).toBeGreaterThan(since);
    expect((await far.ask(path)).began).toBeGreaterThan(since);
    expect([(await first).status, await pending(far)]).toEqual([200, 1]);
    await heal();
  });

  it('F46: d, e: tells Redis before it has anything from there; what others have until then they have no longer', async () => {
    const both = await pair();
    const { near, far, proxy } = both;
    const { path, old } = await kept(both);
    // Each is asked for once only: what has been made anew is no longer looked for in Redis.
    const others = times(60, (i) => `/other-${i}/tag`);
    for (const other of others) await keptBy([near], other);
    const heal = harm(proxy);
    const since = now();
    expect(await far.call('invalidate', 'tag')).toEqual({ state: 'pending' });
    const ask = async (asked: string) => expect((await far.ask(asked)).began).toBeGreaterThan(since);
    for (let i = 0; i < 3; i += 1) await ask(others.pop()!);
    expect(await near.ask(path)).toMatchObject({ x: 'HIT', run: old.run, by: old.by });
    await heal();
    await poll(async () => {
      await ask(others.pop() ?? path);
      return pending(far);
    }).toBe(0);
    await freshFrom(near, path, since, now() + LAG);
    await keptBy([near, far], path);
  });
});

describe('F46: who writes while Redis cannot be reached', () => {
  it('F46: is answered all the same, and reads what was written', async () => {
    const both = await pair();
    const { near, far, proxy } = both;
    const { path } = await kept(both);
    const heal = cut(proxy);
    const since = now();
    expect(await far.write('/anything/tag')).toMatchObject({ status: 200, by: far.pid });
    expect((await far.ask(path)).began).toBeGreaterThan(since);
    await heal();
    await poll(() => pending(far)).toBe(0);
    await freshFrom(near, path, since, now() + LAG);
  });
});

describe('F46: so much is invalidated while Redis cannot be reached that it is not kept apart', () => {
  it('F46: c: it is everything, which takes no more room', async () => {
    const both = await pair();
    const { near, far, proxy } = both;
    const { path } = await kept(both, 'another');
    const heal = cut(proxy);
    const since = now();
    // One by one it keeps ten thousand.
    const calls = times(167, (call) => times(60, (i) => `${call}-${i}`));
    const told = await far.call('invalidateEach', calls);
    expect(new Set(told.map(({ state }) => state))).toEqual(new Set(['pending']));
    expect(await pending(far)).toBe(1);
    await heal();
    await poll(() => pending(far)).toBe(0);
    await freshFrom(near, path, since, now() + LAG);
  });
});

describe('F47: a process that is killed with an invalidation that Redis was never told of', () => {
  it('F47: takes it with it, where there is no outbox: others have what they have, until its time is over', async () => {
    const both = await pair({ policy: { ttl: 5 } });
    const { near, far, proxy } = both;
    const { path, old } = await kept(both);
    cut(proxy);
    expect(await far.call('invalidate', 'tag')).toEqual({ state: 'pending' });
    await far.kill('SIGKILL');
    await poll(async () => runOf(await near.ask(path))).not.toBe(runOf(old));
    expect(await near.ask(path)).toMatchObject({ status: 200, by: near.pid });
  });
});
