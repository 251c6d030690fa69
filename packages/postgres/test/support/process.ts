import { Cache } from '@larder/core';
import { redisTier } from '@larder/redis';
import pg from 'pg';
import { createOutbox, type TableName, transactions } from '../../src/index.ts';
import { poolOf } from './pool.ts';

/** A process that does one thing with an outbox, and is not there afterwards. */
export interface Setup {
  readonly url: string;
  readonly schema: string;
  readonly table: TableName;
  readonly redis: string;
  readonly namespace: string;
  /**
   * `dies after COMMIT` in the middle of a transaction; `writes` one and says what came of it; `delivers` what is there; or `forgets`
   * to close its outbox.
   */
  readonly does: 'dies after COMMIT' | 'writes' | 'delivers' | 'forgets';
}

const { url, schema, table, redis, namespace, does } = JSON.parse(process.env.SETUP!) as Setup;

if (does === 'dies after COMMIT') {
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = async function mortal(this: pg.Client, ...args: unknown[]) {
    const result: unknown = await (query as (...args: unknown[]) => unknown).apply(this, args);
    if (args[0] === 'COMMIT') process.kill(process.pid, 'SIGKILL');
    return result;
  } as never;
}

const LISTENERS = "SELECT FROM pg_stat_activity WHERE query = 'LISTEN larder_outbox' AND state = 'idle'";

const cache = new Cache({ namespace, redis: redisTier(redis) });
const pool = poolOf(url, schema);
const listens = does === 'delivers' || does === 'forgets';
const outbox = createOutbox(pool, { table, caches: listens ? [cache] : [] });
if (does === 'forgets') {
  while ((await pool.query(LISTENERS)).rowCount === 0) {}
  await Promise.all([cache.close(), pool.end()]);
  process.channel!.unref();
} else if (!listens) {
  await transactions(pool, { cache, outbox })(async (tx) => {
    await tx.query('UPDATE products SET price = price + 50 WHERE id = 7');
    tx.invalidate('product:7');
  });
  process.send!('written');
}
if (does !== 'forgets') process.on('disconnect', () => process.exit());
