import { SILENCE, spawnRedis, spawnSecureRedis, tcpProxy } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { amount } from '../support/intensity.ts';
import { madeBy, poll, type Shop, times } from '../support/shop.ts';
import { open, restart, settle } from './kit.ts';

/** What they would be told anew if they had to wait for it: nothing has come from Redis while all of these are answered. */
async function askWithoutRedis(shops: readonly Shop[], round: string): Promise<void> {
  const paths = times(amount(20, 500), (i) => `/${round}-${i}`);
  const replies = await Promise.all(paths.flatMap((path) => shops.map((shop) => shop.ask(path))));
  expect(madeBy(replies)).toHaveLength(replies.length);
  expect(new Set(replies.map(({ status, x }) => `${status} ${x}`))).toEqual(new Set(['200 MISS']));
}

describe('F1: no Redis when the process starts', () => {
  it('F1: it listens and answers by its handlers, prints nothing, and shares as soon as there is one', async () => {
    const gone = await spawnRedis();
    await gone.kill('SIGKILL');
    // Longer than the test: it is the connection that is noticed, and not that time is over.
    const tier = { breaker: { openMs: 3_600_000 } };
    const made = await open(gone.url, { processes: 2, tier });
    await askWithoutRedis(made.shops, 'before');
    for (const shop of made.shops) {
      const { breakers, connections, outcomes } = await shop.call('told');
      expect([breakers.map(({ state }) => state), connections]).toEqual([['open'], []]);
      expect(outcomes['get open']).toBeGreaterThan(0);
      expect(Object.keys(outcomes).filter((outcome) => outcome.endsWith(' ok'))).toEqual([]);
    }
    await restart(gone);
    await settle(made);
    const [one, two] = made.shops;
    const { run } = await one!.ask('/shared');
    await poll(async () => (await two!.ask('/shared')).by).toBe(one!.pid);
    expect(await two!.ask('/shared')).toMatchObject({ x: 'HIT', run });
    for (const shop of made.shops) {
      const { breakers, connections } = await shop.call('told');
      expect(breakers.map(({ state }) => state)).toEqual(['open', 'half-open', 'closed']);
      expect(connections.map(({ state }) => state)).toEqual(['ready']);
      expect(shop.complaints).toBe('');
    }
  });
});

describe('F17: a Redis that is never done with greeting', () => {
  it.each(['TCP', 'TLS'])('F17: over %s keeps no request waiting, and is left for another try', async (over) => {
    const redis = await spawnSecureRedis();
    onTestFinished(() => redis.stop());
    const proxy = await tcpProxy(over === 'TLS' ? redis.secure.port : redis.port);
    onTestFinished(() => proxy.stop());
    const answer = proxy.impose(SILENCE);
    const { port } = proxy;
    const place = { host: '127.0.0.1', port, ...(over === 'TLS' && { tls: { ca: redis.secure.ca } }) };
    const made = await open(place, { tier: { connectTimeoutMs: 500 } });
    await poll(() => proxy.connections.length).toBe(1);
    await askWithoutRedis(made.shops, 'before');
    expect(proxy.passed.replies).toBe(0);
    // It hangs up by itself, and calls again.
    await poll(() => proxy.accepted).toBeGreaterThan(2);
    await askWithoutRedis(made.shops, 'later');
    expect(proxy.passed.replies).toBe(0);
    expect((await made.one.call('told')).connections).toEqual([]);
    answer();
    await settle(made);
    expect(made.one.complaints).toBe('');
  });
});
