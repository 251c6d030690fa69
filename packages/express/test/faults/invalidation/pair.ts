import { type LocalRedis, spawnRedis, type TcpProxy, tcpProxy, type Where } from '@larder/servers';
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { Setup } from '../support/process.ts';
import { clientOf, untilSharing } from '../support/rig.ts';
import { type Shop, startShop } from '../support/shop.ts';
import { following } from './kit.ts';

/** More than an answer takes on a busy machine, and less than a test; who has failed is left alone at once, and not for long. */
const UNHURRIED = { commandTimeoutMs: 1000, budgetMs: 4000, breaker: { failures: 1, openMs: 200 } };

export interface Pair {
  readonly redis: LocalRedis;
  /** The test's own eyes on it. */
  readonly client: Redis;
  readonly namespace: string;
  /** Reaches Redis whatever happens. */
  readonly near: Shop;
  /** Reaches it through the proxy. */
  readonly far: Shop;
  readonly proxy: TcpProxy;
}

let pairs = 0;

/** Two processes that share a Redis, and only one of them has a way there that can be harmed. */
export async function pair(options: Partial<Omit<Setup, 'redis' | 'namespace'>> = {}): Promise<Pair> {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  const proxy = await tcpProxy(redis.port);
  onTestFinished(() => proxy.stop());
  const client = await clientOf(redis);
  pairs += 1;
  const namespace = `pair-${process.pid}-${pairs}`;
  const fills = { waitTimeout: 3600, fillTimeout: 3600 };
  const usual = { policy: { ttl: 600 }, fills, mortal: false, tier: UNHURRIED };
  const setup = { namespace, ...usual, ...options };
  const [near, far] = await Promise.all([
    startShop({ ...setup, redis: redis.url }),
    startShop({ ...setup, redis: proxy.url }),
  ]);
  await untilSharing([near, far], client, namespace);
  await following([near, far]);
  for (const shop of [near, far]) {
    await shop.begin();
    onTestFinished(async () => {
      if (shop.alive) await shop.end();
    });
  }
  return { redis, client, namespace, near, far, proxy };
}

/** The connection on which a process is told of what is new. */
export const listens: Where = (connection) => connection.sent('subscribe') > 0;
/** Those on which it asks. */
export const asks: Where = (connection) => !listens(connection);

/** Nobody gets through, and everybody knows. */
export function sever(proxy: TcpProxy, where?: Where): () => Promise<void> {
  proxy.refuse();
  proxy.cut(where);
  return () => proxy.accept();
}
