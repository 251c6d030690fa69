import { type LocalRedis, spawnRedis, type TcpProxy, tcpProxy } from '@larder/servers';
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { takeTime } from '../support/intensity.ts';
import type { Setup } from '../support/process.ts';
import { clientOf } from '../support/rig.ts';
import { freshPath, poll, type Shop, startShop, times } from '../support/shop.ts';

takeTime();

export interface OpenOptions extends Partial<Omit<Setup, 'redis' | 'namespace' | 'mortal'>> {
  readonly processes?: number;
}

export interface Opened {
  readonly namespace: string;
  readonly shops: readonly Shop[];
  readonly one: Shop;
}

/** More than an answer takes on a busy machine, and less than a test. */
const UNHURRIED = { commandTimeoutMs: 1000, budgetMs: 4000 };

let opened = 0;

/** Shops in processes of their own. Nothing is waited for but that they listen: where Redis is there may be none yet. */
export async function open(redis: Setup['redis'], options: OpenOptions = {}): Promise<Opened> {
  const { processes = 1, ...given } = options;
  opened += 1;
  const namespace = `availability-${process.pid}-${opened}`;
  const fills = { waitTimeout: 3600, fillTimeout: 3600 };
  const usual = { policy: { ttl: 600 }, fills, mortal: false, tier: UNHURRIED };
  const setup: Setup = { redis, namespace, ...usual, ...given };
  const shops = await Promise.all(times(processes, () => startShop(setup)));
  return { namespace, shops, one: shops[0]! };
}

/** Resolves once they store in Redis. From then on it is watched that they live, and end as they are now. */
export async function settle({ shops }: Opened, connections = 2): Promise<void> {
  for (const shop of shops) {
    await stores(shop);
    // There is one more of them than calls need, on which a shop hears of fills.
    await poll(async () => sockets((await shop.state()).resources)).toBe(connections);
    await shop.begin();
    onTestFinished(() => shop.end());
  }
}

/** Resolves once what the shop makes from now on gets to Redis. */
export async function stores(shop: Shop): Promise<void> {
  const stored = async () => (await shop.call('told')).outcomes['set ok'] ?? 0;
  const before = await stored();
  await poll(async () => {
    await shop.ask(freshPath());
    return stored();
  }).toBeGreaterThan(before);
}

const sockets = (resources: readonly string[]): number =>
  resources.filter((resource) => resource === 'TCPSocketWrap').length;

/** A Redis that is killed, and comes back empty. */
export interface MortalRedis extends Pick<LocalRedis, 'port' | 'url' | 'kill'> {
  revive(): Promise<void>;
}

export async function mortalRedis(): Promise<MortalRedis> {
  const lives = [await spawnRedis()];
  onTestFinished(async () => {
    for (const life of lives) await life.stop();
  });
  const { port, url } = lives[0]!;
  return {
    port,
    url,
    kill: (signal) => lives.at(-1)!.kill(signal),
    revive: async () => void lives.push(await spawnRedis({ port })),
  };
}

export interface Behind extends Opened {
  readonly redis: MortalRedis;
  readonly proxy: TcpProxy;
  /** The test's own eyes on Redis, past the proxy. */
  readonly client: Redis;
}

/** Shops that reach their Redis through a proxy. */
export async function openBehindProxy(options: OpenOptions = {}): Promise<Behind> {
  const redis = await mortalRedis();
  const proxy = await tcpProxy(redis.port);
  onTestFinished(() => proxy.stop());
  const client = await clientOf(redis);
  const made = await open(proxy.url, options);
  await settle(made);
  return { ...made, redis, proxy, client };
}
