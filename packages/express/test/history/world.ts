import { outboxSchema } from '@larder/postgres';
import { type LocalRedis, spawnRedis, tcpProxy } from '@larder/servers';
import type { Redis } from 'ioredis';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { clientOf } from '../faults/support/rig.ts';
import { times } from '../faults/support/shop.ts';
import { Journal } from './journal.ts';
import { Shop } from './shop.ts';

/** Three processes on one Redis, each on its own way to it, and the Postgres that knows the truth. */
export interface World {
  readonly redis: LocalRedis;
  /** The test's own eyes on it. */
  readonly client: Redis;
  readonly namespace: string;
  readonly shops: readonly Shop[];
  readonly journal: Journal;
  /** What a write has committed, if it has. */
  committed(write: string): Promise<number | undefined>;
  /** Whether the outbox has still to deliver a write; of all, where none is named. */
  waiting(write?: string): Promise<boolean>;
}

export const ITEMS = 40;

export async function world(seed: number): Promise<World> {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  const client = await clientOf(redis);
  const namespace = `history-${process.pid}-${Date.now()}`;
  const { schema, query } = await database(namespace);
  const outbox = `${schema}.outbox`;
  const journal = new Journal();
  const setup = { namespace, database: databaseUrl(), schema, outbox };
  const open = async (letter: string, i: number) => {
    const proxy = await tcpProxy(redis.port);
    onTestFinished(() => proxy.stop());
    const shop = new Shop(letter, proxy, { ...setup, seed: seed + 1000 * i }, journal.heard);
    onTestFinished(() => shop.kill());
    await shop.start();
    return shop;
  };
  const shops = await Promise.all(['a', 'b', 'c'].map(open));
  return {
    redis,
    client,
    namespace,
    shops,
    journal,
    committed: async (write) =>
      (await query('SELECT version FROM writes WHERE id = $1', [write]))[0]?.version,
    waiting: async (write) =>
      (
        await query('SELECT FROM outbox WHERE $1::text IS NULL OR $1 = ANY (tags) LIMIT 1', [
          write === undefined ? null : `write:${write}`,
        ])
      ).length > 0,
  };
}

function databaseUrl(): string {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error('this needs DATABASE_URL, which its set-up gives it');
  return url;
}

/** A schema of its own, gone with everything in it afterwards. */
async function database(schema: string) {
  const name = pg.escapeIdentifier(schema);
  const pool = new pg.Pool({
    connectionString: databaseUrl(),
    onConnect: async (client) => void (await client.query(`SET search_path = ${name}`)),
  });
  pool.on('error', () => {});
  const query = async (sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows;
  await query(`CREATE SCHEMA ${name}`);
  onTestFinished(async () => {
    await query(`DROP SCHEMA ${name} CASCADE`);
    await pool.end();
  });
  await query('CREATE TABLE items (n int PRIMARY KEY, version int NOT NULL)');
  await query('CREATE TABLE writes (id text PRIMARY KEY, version int NOT NULL)');
  await query(outboxSchema({ table: [schema, 'outbox'] }));
  await query('INSERT INTO items SELECT n, 1 FROM unnest($1::int[]) AS n', [times(ITEMS, (n) => n)]);
  return { schema, query };
}
