import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type LocalRedis, spawnRedis } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, exchange, text, x } from './support/shop.ts';

interface Shop {
  readonly process: ChildProcess;
  get(): Promise<Answer>;
  put(): Promise<Answer>;
}

let shops = 0;

/** The host is part of the key, so every process is asked for the same one, whatever its port. */
const HOST = { Host: 'shop.example' };

async function start(redisUrl: string, namespace: string): Promise<Shop> {
  const child = fork(fileURLToPath(new URL('./support/process.ts', import.meta.url)), {
    execArgv: ['--conditions=@larder/source', '--import', 'tsx'],
    env: { ...process.env, REDIS_URL: redisUrl, NAMESPACE: namespace },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [number];
  const ask = (method: string) =>
    exchange({ host: '127.0.0.1', port, path: '/thing', method, headers: HOST, agent: false });
  return { process: child, get: () => ask('GET'), put: () => ask('PUT') };
}

async function rig(count: number): Promise<{ redis: LocalRedis; shops: Shop[] }> {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  shops += 1;
  const namespace = `processes-${shops}`;
  return {
    redis,
    shops: await Promise.all(Array.from({ length: count }, () => start(redis.url, namespace))),
  };
}

/** A process connects to Redis in its own time; from then on it finds there what the other stored. */
const shares = (one: Shop, other: Shop) =>
  expect
    .poll(
      async () => {
        await one.put();
        await one.get();
        return x(await other.get());
      },
      { timeout: 15_000 },
    )
    .toBe('HIT');

describe('two processes on one Redis', () => {
  it('share what either stored, byte for byte', async () => {
    const [one, other] = (await rig(2)).shops as [Shop, Shop];
    await shares(one, other);
    await one.put();
    const stored = await one.get();
    expect(x(stored)).toBe('MISS');
    await expect.poll(async () => text(await other.get())).toBe(text(stored));
    expect(x(await other.get())).toBe('HIT');
  });

  it('forget what either invalidated: the writer at once, the other within its lease', async () => {
    const [one, other] = (await rig(2)).shops as [Shop, Shop];
    await shares(one, other);
    const old = text(await other.get());
    await one.put();
    expect(text(await one.get())).not.toBe(old);
    await expect.poll(async () => text(await other.get()), { timeout: 5000 }).not.toBe(old);
    for (let i = 0; i < 20; i += 1) expect(text(await other.get())).not.toBe(old);
  });

  it('go on when Redis is killed, and share again when it is back', async () => {
    const { redis, shops: both } = await rig(2);
    const [one, other] = both as [Shop, Shop];
    await shares(one, other);
    const asking = Array.from({ length: 50 }, () => one.get());
    await redis.kill('SIGKILL');
    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual(Array(50).fill(200));
    for (const shop of [one, other]) {
      expect([(await shop.get()).status, (await shop.put()).status, (await shop.get()).status]).toEqual([
        200, 200, 200,
      ]);
    }
    const back = await spawnRedis({ port: redis.port });
    onTestFinished(() => back.stop());
    await shares(one, other);
  });

  it('need no Redis to begin with', async () => {
    const absent = await spawnRedis();
    await absent.stop();
    const shop = await start(absent.url, 'absent');
    const first = await shop.get();
    expect([first.status, x(first)]).toEqual([200, 'MISS']);
    const late = await spawnRedis({ port: absent.port });
    onTestFinished(() => late.stop());
    await shares(shop, await start(late.url, 'absent'));
  });
});
