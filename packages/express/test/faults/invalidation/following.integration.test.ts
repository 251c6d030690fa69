import { SILENCE, type TcpProxy, type Where } from '@larder/servers';
import { describe, expect, it } from 'vitest';
import { freshPath, poll, times } from '../support/shop.ts';
import { freshFrom, keptBy, LAG, now, runOf } from './kit.ts';
import { asks, listens, type Pair, pair, sever } from './pair.ts';

const hang = (proxy: TcpProxy, where: Where) => proxy.impose(SILENCE, where);

/** What comes after it on the same way is as silent. */
function cutAndHang(proxy: TcpProxy, where: Where) {
  const heal = hang(proxy, where);
  proxy.cut(where);
  return heal;
}

/** A path with a tag of its own, which both have in memory. */
async function kept({ near, far }: Pair) {
  const path = `${freshPath()}/tag`;
  return { path, old: await keptBy([near, far], path) };
}

/** Invalidates it where that can be done; what the other process answers from now on is held against when. */
async function invalidated({ near, far }: Pair, path: string) {
  const since = now();
  expect(await near.call('invalidate', 'tag')).toEqual({ state: 'done' });
  return freshFrom(far, path, since, now() + LAG);
}

describe.each([
  ['F23', 'cut', cutAndHang],
  ['F24', 'hung', hang],
] as const)('%s: the connection that messages come on is %s', (row, _, harm) => {
  it(`${row}: memory goes on following without it, and no further behind`, async () => {
    const both = await pair();
    const { path } = await kept(both);
    const heal = harm(both.proxy, listens);
    for (let i = 0; i < 3; i += 1) {
      const fresh = await invalidated(both, path);
      expect([fresh.status, fresh.by]).toEqual([200, both.far.pid]);
      await keptBy([both.near, both.far], path);
    }
    heal();
  });
});

describe.each([
  ['F23', 'cut', (proxy: TcpProxy) => sever(proxy, asks)],
  ['F24', 'hung', (proxy: TcpProxy) => hang(proxy, asks)],
] as const)('%s: the connections that questions go on are %s', (row, _, harm) => {
  it(`${row}: memory answers alone for no longer than the lag, and then handlers do`, async () => {
    const both = await pair();
    const { path, old } = await kept(both);
    const heal = harm(both.proxy);
    const fresh = await invalidated(both, path);
    expect([fresh.status, fresh.by]).toEqual([200, both.far.pid]);
    await heal();
    const again = await keptBy([both.near, both.far], path);
    expect(again.began).toBeGreaterThan(old.began);
  });
});

describe('F26: messages of what is new', () => {
  it('F26: that come late are not waited for', async () => {
    const both = await pair();
    const { path } = await kept(both);
    const heal = both.proxy.impose({ replies: { delayMs: 3000 } }, listens);
    for (let i = 0; i < 3; i += 1) {
      await invalidated(both, path);
      await keptBy([both.near, both.far], path);
    }
    heal();
  });

  it('F26: that come when what they tell of is long past take nothing with them', async () => {
    const both = await pair();
    const { path } = await kept(both);
    const heal = both.proxy.impose({ replies: { hold: true } }, listens);
    for (let i = 0; i < 3; i += 1) await invalidated(both, path);
    const newest = runOf(await keptBy([both.near, both.far], path));
    await looksAgain(both, heal);
    expect(runOf(await both.far.ask(path))).toBe(newest);
  });

  it('F26: that come again and again, or say what nobody has said, are as good as one', async () => {
    const both = await pair();
    const { path, old } = await kept(both);
    const tell = (message: string) => both.client.publish(`larder:${both.namespace}:1:n`, message);
    await looksAgain(both, () =>
      Promise.all(times(1000, (i) => tell(['', 'tag', '{"tags":["tag"]}', '\0'][i % 4]!))),
    );
    expect(await both.far.ask(path)).toMatchObject({ x: 'HIT', run: old.run });
    await invalidated(both, path);
  });
});

/** Resolves once it has looked at the log since, and has heeded what it found. */
async function looksAgain({ far, proxy }: Pair, action: () => unknown): Promise<void> {
  const before = proxy.sent('xrange');
  await action();
  await poll(() => proxy.sent('xrange')).toBeGreaterThan(before + 2);
  expect((await far.state()).troubles).toEqual([]);
}
