import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { promisify } from 'node:util';
import type { Clock } from '@larder/core';
import { NoServerError, startPostgres, startRedis } from '@larder/servers';
import pg from 'pg';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Database } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { Lifecycle } from '../../src/run/lifecycle.ts';
import { DEMO_PASSWORD, STAFF_EMAIL, shopperEmail } from '../../src/seed/people.ts';
import { seed, TEST_SIZE } from '../../src/seed/seed.ts';
import { openShop, type Shop } from '../../src/shop.ts';

/** A shop that listens: a response is kept for one host and port, so all requests go to the same. */
export interface OpenShop extends Shop {
  readonly server: Server;
}

export interface TestShop extends OpenShop {
  readonly pool: pg.Pool;
  readonly database: Database;
  /** What its schema in Postgres and its keys in Redis are told apart from others' by. */
  readonly name: string;
  readonly staff: string;
  readonly shopper: string;
  readonly otherShopper: string;
  readonly shopperId: number;
  readonly otherShopperId: number;
  /** The same shop in another process, as far as it can tell: own memory, same Postgres, same Redis. */
  twin(): Promise<OpenShop>;
}

interface Opening {
  /** One to be found or started, or the URL of one that the test has started for itself. */
  readonly redis?: boolean | string;
  readonly clock?: Clock;
}

/** Long enough for a first run that has to fetch a server. */
export const STARTING_MS = 120_000;

const SHOPPER_ID = 2;
const OTHER_SHOPPER_ID = 3;

export async function openTestShop({ redis = false, clock }: Opening = {}): Promise<TestShop> {
  const lifecycle = new Lifecycle();
  const postgres = await startPostgres({ database: 'shop_test' });
  lifecycle.onClose('Postgres', () => postgres.stop());
  const found = redis === true ? await startRedis() : undefined;
  if (found) lifecycle.onClose('Redis', () => found.stop());
  const redisUrl = typeof redis === 'string' ? redis : found?.url;

  // Whoever else uses a server that was only found, this shop is a schema and a namespace of its own.
  const name = `shop_${randomBytes(6).toString('hex')}`;
  await inDatabase(postgres.url, `CREATE SCHEMA ${name}`);
  lifecycle.onClose('the schema', () => inDatabase(postgres.url, `DROP SCHEMA ${name} CASCADE`));
  const pool = createPool({ url: postgres.url, schema: name, max: 5 });
  lifecycle.onClose('the pool', () => pool.end());

  const database = new Database(pool);
  await migrate(database, name);
  await seed(database, { size: TEST_SIZE });

  const open = async (): Promise<OpenShop> => {
    const shop = openShop({
      pool,
      redisUrl,
      namespace: name,
      sessionSecret: 'test',
      clock,
    });
    lifecycle.onClose('the shop', () => shop.close());
    const server = createServer(shop.app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    lifecycle.onClose('the server', () => promisify(server.close.bind(server))());
    return { ...shop, server };
  };
  const shop = await open();
  return {
    ...shop,
    pool,
    database,
    name,
    staff: await logIn(shop, STAFF_EMAIL),
    shopper: await logIn(shop, shopperEmail(SHOPPER_ID)),
    otherShopper: await logIn(shop, shopperEmail(OTHER_SHOPPER_ID)),
    shopperId: SHOPPER_ID,
    otherShopperId: OTHER_SHOPPER_ID,
    twin: open,
    close: () => lifecycle.close(),
  };
}

/**
 * A shop for the tests of the file or of the `describe` that this is called in: opened before them, emptied before each
 * where `emptied` says so, closed after them. What is returned stands for it while they run.
 */
export function useTestShop({ emptied = false, ...opening }: Opening & { emptied?: boolean } = {}): TestShop {
  let shop: TestShop | undefined;
  beforeAll(async () => {
    shop = await openTestShop(opening);
  }, STARTING_MS);
  afterAll(() => shop?.close());
  if (emptied) beforeEach(() => shop?.larder.cache.invalidateAll());
  return new Proxy({} as TestShop, {
    get(_, name) {
      if (shop === undefined) throw new Error(`The test shop is not open: ${String(name)} is for tests.`);
      return Reflect.get(shop, name);
    },
  });
}

/** Undefined where no Redis can be had; its tests are then skipped, as the shop then does without. */
export async function openTestShopWithRedis(
  opening: Omit<Opening, 'redis'> = {},
): Promise<TestShop | undefined> {
  try {
    return await openTestShop({ ...opening, redis: true });
  } catch (error) {
    if (error instanceof NoServerError && error.code === 'LARDER_NO_REDIS') return undefined;
    throw error;
  }
}

export const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`];

async function logIn({ server }: OpenShop, email: string): Promise<string> {
  const { body } = await request(server)
    .post('/api/sessions')
    .send({ email, password: DEMO_PASSWORD })
    .expect(201);
  return body.token;
}

async function inDatabase(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
