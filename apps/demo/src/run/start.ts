import { startPostgres, startRedis } from '@larder/servers';
import { Database } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import { DEMO_SIZE, seed } from '../seed/seed.ts';
import { openShop } from '../shop.ts';
import type { Config } from './config.ts';
import type { Lifecycle } from './lifecycle.ts';
import { listen } from './listen.ts';
import { leaveWord } from './whereabouts.ts';

export interface Running {
  readonly url: string;
  readonly postgres: string;
  /** Undefined: there is none. */
  readonly redis: string | undefined;
  /** What another process needs in its environment to be one of the same shop; undefined where that is known already. */
  readonly shared: string | undefined;
  /** The best seller, for examples. */
  readonly productId: number;
}

/** Of the cache, whose every process has the same. */
const NAMESPACE = 'shop';

type Say = (line: string) => void;

export async function start(config: Config, lifecycle: Lifecycle, say: Say): Promise<Running> {
  const postgres = await startPostgres({ dataDir: config.dataDir, database: 'shop', onProgress: say });
  lifecycle.onClose('Postgres', () => postgres.stop());
  const redis = await redisIfAny(say);
  if (redis) lifecycle.onClose('Redis', () => redis.stop());

  // Who has given a database knows where it is, and its password is not for files.
  if (config.ownPostgres) lifecycle.onClose('the word', await leaveWord(config.dataDir, postgres.url));

  const pool = createPool({ url: postgres.url });
  lifecycle.onClose('the pool', () => pool.end());
  const database = new Database(pool);
  await prepare(database, say);
  const shop = openShop({
    pool,
    redisUrl: redis?.url,
    namespace: NAMESPACE,
    sessionSecret: config.sessionSecret,
  });
  lifecycle.onClose('the shop', () => shop.close());

  const server = await listen(shop.app, config, say);
  lifecycle.onClose('the server', () => server.close());
  const [bestseller] = await database.query<{ id: number }>(
    'SELECT product_id AS id FROM order_items GROUP BY product_id ORDER BY count(*) DESC, product_id LIMIT 1',
  );
  return {
    url: `http://${config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${server.port}`,
    postgres: postgres.how,
    redis: redis?.how,
    shared: config.ownServers && redis ? `DATABASE_URL=${postgres.url} REDIS_URL=${redis.url}` : undefined,
    productId: bestseller?.id ?? 1,
  };
}

async function redisIfAny(say: Say) {
  try {
    return await startRedis({ onProgress: say });
  } catch (error) {
    const { tried, message } = error as Error & { tried?: readonly string[] };
    const reason = tried?.join('; ') ?? message.replaceAll('\n', ' ');
    say(`No Redis could be had: running on the memory tier only (${reason})`);
    return undefined;
  }
}

async function prepare(database: Database, say: Say): Promise<void> {
  const applied = await migrate(database, NAMESPACE);
  if (applied.length > 0) say(`Migrations applied: ${applied.join(', ')}`);
  const began = performance.now();
  if (await seed(database, { size: DEMO_SIZE })) {
    const { products, orders, reviews } = DEMO_SIZE;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`Shop filled in ${seconds} s: ${products} products, ${orders} orders, ${reviews} reviews`);
  }
}
