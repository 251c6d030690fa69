import { SILENCE, spawnSecureRedis, tcpProxy } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { amount } from '../support/intensity.ts';
import { madeBy, PATIENCE, poll, type Shop, times } from '../support/shop.ts';
import { mortalRedis, open, settle } from './kit.ts';

/** Who waits for Redis, waits for longer than a test may take. */
const ENDLESS = { commandTimeoutMs: 600_000 };

/** All are answered by handlers, one each, and Redis was not even asked: who had waited would have heard that it fails. */
async function askWithoutRedis(shops: readonly Shop[], round: string): Promise<void> {
  const paths = times(amount(20, 500), (i) => `/${round}-${i}`);
  const replies = await Promise.all(paths.flatMap((path) => shops.map((shop) => shop.ask(path))));
  expect(madeBy(replies)).toHaveLength(replies.length);
  expect(new Set(replies.map(({ status, x }) => `${status} ${x}`))).toEqual(new Set(['200 MISS']));
  for (const shop of shops) {
    const { connections, outcomes } = await shop.call('told');
    expect([connections, outcomes['get offline']! > 0]).toEqual([[], true]);
    expect(Object.keys(outcomes).filter((outcome) => / (?:ok|failed)$/.test(outcome))).toEqual([]);
  }
}

describe('F1: no Redis when the process starts', () => {
  it('F1: it listens and answers by its handlers, prints nothing, and shares as soon as there is one', async () => {
    const redis = await mortalRedis();
    await redis.kill('SIGKILL');
    const made = await open(redis.url, { processes: 2, tier: ENDLESS });
    await askWithoutRedis(made.shops, 'before');
    await redis.revive();
    await settle(made);
    const [one, two] = made.shops;
    const { run } = await one!.ask('/shared');
    await poll(async () => (await two!.ask('/shared')).by).toBe(one!.pid);
    expect(await two!.ask('/shared')).toMatchObject({ x: 'HIT', run });
    for (const shop of made.shops) {
      const { connections } = await shop.call('told');
      expect(connections.map(({ state }) => state)).toEqual(['ready']);
      expect(shop.complaints).toBe('');
    }
  });
});

describe('F17: a Redis that is never done with greeting', () => {
  it.each(['TCP', 'TLS'])(
    'F17: over %s keeps no request waiting, and is left for another try',
    async (over) => {
      const redis = await spawnSecureRedis();
      onTestFinished(() => redis.stop());
      const proxy = await tcpProxy(over === 'TLS' ? redis.secure.port : redis.port);
      onTestFinished(() => proxy.stop());
      const answer = proxy.impose(SILENCE);
      const { port } = proxy;
      const place = { host: '127.0.0.1', port, ...(over === 'TLS' && { tls: { ca: redis.secure.ca } }) };
      const made = await open(place, { tier: { ...ENDLESS, connectTimeoutMs: 500 } });
      await poll(() => proxy.accepted).toBeGreaterThan(0);
      await askWithoutRedis(made.shops, 'before');
      expect(proxy.passed.replies).toBe(0);
      // It hangs up by itself, and calls again; of a connection that stands and is silent it takes its time to be sure.
      await expect.poll(() => proxy.accepted, { ...PATIENCE, timeout: 60_000 }).toBeGreaterThan(2);
      await askWithoutRedis(made.shops, 'later');
      expect(proxy.passed.replies).toBe(0);
      answer();
      await settle(made);
      expect(made.one.complaints).toBe('');
    },
  );
});
