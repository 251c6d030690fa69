import { Agent } from 'node:http';
import { type LocalRedis, spawnRedis, type TcpProxy, tcpProxy } from '@larder/servers';
import type { Redis } from 'ioredis';
import { onTestFinished, vi } from 'vitest';
import { amount } from '../support/intensity.ts';
import type { Setup } from '../support/process.ts';
import { clientOf } from '../support/rig.ts';
import { freshPath, poll, type Reply, type Shop, startShop, times } from '../support/shop.ts';

vi.setConfig({ testTimeout: amount(90_000, 15 * 60_000) });

export interface OpenOptions extends Partial<Omit<Setup, 'redis' | 'namespace' | 'mortal'>> {
  readonly processes?: number;
}

export interface Opened {
  readonly namespace: string;
  readonly shops: readonly Shop[];
  readonly one: Shop;
}

let opened = 0;

/** Shops in processes of their own. Nothing is waited for but that they listen: where Redis is there may be none yet. */
export async function open(redis: Setup['redis'], options: OpenOptions = {}): Promise<Opened> {
  const { processes = 1, ...given } = options;
  opened += 1;
  const namespace = `availability-${process.pid}-${opened}`;
  const fills = { waitTimeout: 3600, fillTimeout: 3600 };
  const setup: Setup = { redis, namespace, policy: { ttl: 600 }, fills, mortal: false, ...given };
  const shops = await Promise.all(times(processes, () => startShop(setup)));
  return { namespace, shops, one: shops[0]! };
}

/** Resolves once they store in Redis. From then on it is watched that they live, and end as they are now. */
export async function settle({ shops }: Opened, connections = 2): Promise<void> {
  for (const shop of shops) {
    await stores(shop);
    // One more, on which it hears of fills.
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

export interface Behind extends Opened {
  readonly redis: LocalRedis;
  readonly proxy: TcpProxy;
  /** The test's own eyes on Redis, past the proxy. */
  readonly client: Redis;
}

/** Shops that reach their Redis through a proxy. */
export async function openBehindProxy(options: OpenOptions = {}): Promise<Behind> {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  const proxy = await tcpProxy(redis.port);
  onTestFinished(() => proxy.stop());
  const client = await clientOf(redis);
  const made = await open(proxy.url, options);
  await settle(made);
  return { ...made, redis, proxy, client };
}

/** One more Redis where one was killed. */
export async function restart(redis: Pick<LocalRedis, 'port'>): Promise<LocalRedis> {
  const back = await spawnRedis({ port: redis.port });
  onTestFinished(() => back.stop());
  return back;
}

/** What a shop asks of Redis in one call of its cache has one of these commands in it, whatever else. */
const SIGNS = [
  { names: ['get'], key: ':e:' },
  { names: ['set'], key: ':e:' },
  { names: ['xrevrange'], key: ':i' },
  { names: ['evalsha', 'eval'], key: ':l:' },
];

/** Counts the calls that shops have sent through the proxy since. */
export function countCalls(proxy: TcpProxy): () => number {
  let calls = 0;
  proxy.tap(({ name, args }) => {
    const isCall = SIGNS.some(({ names, key }) => names.includes(name) && args.some((arg) => arg.includes(key)));
    if (isCall) calls += 1;
  });
  return () => calls;
}

export interface Load {
  /** Resolves once so many more have been answered. */
  more(count: number): Promise<void>;
  /** How often each `X-Cache` was seen, once all that were asked are answered. Rejects if one was answered wrongly. */
  stop(): Promise<Record<string, number>>;
}

/** So many clients that ask, each as soon as it is answered. */
export function load(clients: number, shopAndPath: () => readonly [Shop, string]): Load {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const seen: Record<string, number> = {};
  let [served, over] = [0, false];
  let failure: unknown;
  const note = ({ x }: Reply) => {
    seen[x] = (seen[x] ?? 0) + 1;
    served += 1;
  };
  const client = async () => {
    while (!over) {
      const [shop, path] = shopAndPath();
      note(await shop.ask(path, {}, agent));
    }
  };
  const all = Promise.all(times(clients, client)).catch((error: unknown) => {
    failure = error;
    over = true;
  });
  const stop = async () => {
    over = true;
    await all;
    agent.destroy();
    if (failure !== undefined) throw failure;
    return seen;
  };
  return {
    stop,
    async more(count) {
      const enough = served + count;
      await poll(() => failure !== undefined || served >= enough).toBe(true);
      if (failure !== undefined) throw failure;
    },
  };
}
