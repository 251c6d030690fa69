import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CacheEvent, Policy } from '@larder/core';
import { createOutbox, transactions } from '@larder/postgres';
import { redisTier } from '@larder/redis';
import express, { type Request, type RequestHandler, type Response } from 'express';
import pg from 'pg';
import { createLarder } from '../../src/index.ts';
import { seeded } from './random.ts';
import { type Setup, type Word, WRITE } from './words.ts';

const setup = JSON.parse(process.env.SETUP!) as Setup;
const tell = (word: Word) => void process.send!(word);
const writing = new AsyncLocalStorage<string>();

function observe(event: CacheEvent): void {
  if (event.type === 'pending' && event.tags === 0) tell({ delivered: true });
  const write = writing.getStore();
  if (event.type === 'invalidate' && write !== undefined) tell({ write, state: event.delivery });
}

const { cache, cacheResponse, invalidates } = createLarder({
  namespace: setup.namespace,
  // A machine that is busy with others is not yet a Redis that fails; and one that is back is soon asked again.
  redis: redisTier(setup.redis, { commandTimeoutMs: 200, breaker: { openMs: 200 } }),
  observe,
});

const pool = new pg.Pool({
  connectionString: setup.database,
  max: 8,
  onConnect: async (client) => {
    await client.query(`SET search_path = ${pg.escapeIdentifier(setup.schema)}`);
  },
});
const outbox = createOutbox(pool, { caches: [cache], table: setup.outbox });
const transaction = transactions(pool, { cache, outbox });

const COMMITTED = `WITH item AS (UPDATE items SET version = version + 1 WHERE n = $1 RETURNING version)
  INSERT INTO writes (id, version) SELECT $2, version FROM item RETURNING version`;

interface Queried {
  readonly query: pg.ClientBase['query'];
}

/** In one statement: without a transaction around it, it is one. */
async function increment(by: Queried, req: Request): Promise<number> {
  const { rows } = await by.query<{ version: number }>(COMMITTED, [req.params.n, req.get(WRITE)]);
  return rows[0]!.version;
}

const random = seeded(setup.seed);

/** What handlers do with what they have read: mostly nothing, and now and then so much that others are long done. */
async function moment(): Promise<void> {
  const chance = random();
  const ms = chance < 0.4 ? 0 : chance < 0.97 ? random() * 30 : random() * 400;
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

const tagOf = (req: Request): string => `item:${req.params.n}`;

const read: RequestHandler = async (req, res) => {
  const began = Number(process.hrtime.bigint() / 1000n);
  const { rows } = await pool.query('SELECT version FROM items WHERE n = $1', [req.params.n]);
  await moment();
  res.json({ n: Number(req.params.n), version: rows[0].version, began });
};

const HOW = { call: {}, soft: { soft: true }, barrier: { barrier: true } };

async function writeAndInvalidate(req: Request, res: Response): Promise<void> {
  const version = await increment(pool, req);
  const { state } = await cache.invalidate(tagOf(req), HOW[req.params.how as keyof typeof HOW]);
  res.json({ n: Number(req.params.n), version, state });
}

async function writeInTransaction(req: Request, res: Response): Promise<void> {
  const version = await transaction(async (tx) => {
    if (req.params.how === 'crash') dieAfterCommit(tx.client);
    // The second tells which row of the outbox this write's is.
    tx.invalidate([tagOf(req), `write:${req.get(WRITE)}`]);
    return increment(tx, req);
  });
  res.json({ n: Number(req.params.n), version });
}

function dieAfterCommit(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
  client.query = (async (...args: unknown[]) => {
    const result = await query(...args);
    if (args[0] === 'COMMIT') process.kill(process.pid, 'SIGKILL');
    return result;
  }) as typeof client.query;
}

const app = express();
app.set('etag', false);
const policy: Policy<Request> = { ttl: 600, staleWhileRevalidate: 600, tags: (req) => [tagOf(req)] };
app.get('/item/:n', cacheResponse(policy), read);
app.get('/strict/:n', cacheResponse({ ...policy, coherence: 'strict' }), read);

const named: RequestHandler = (req, _res, next) => writing.run(req.get(WRITE)!, next);
app.put(
  '/item/:n',
  named,
  invalidates((req) => [tagOf(req)]),
  async (req, res) => {
    res.json({ n: Number(req.params.n), version: await increment(pool, req) });
  },
);
app.put('/item/:n/transaction/:how', named, writeInTransaction);
app.put('/item/:n/:how', named, writeAndInvalidate);

process.on('disconnect', () => process.exit());
const server = createServer(app);
server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }));
