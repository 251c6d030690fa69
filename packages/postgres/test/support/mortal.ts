import { once } from 'node:events';
import { Cache } from '@larder/core';
import { redisTier } from '@larder/redis';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createOutbox, type TableName, transactions } from '../../src/index.ts';
import { poolOf } from './pool.ts';

/** A process that takes part in a delivery, and kills itself behind one of its steps. */
export interface MortalSetup {
  readonly url: string;
  readonly schema: string;
  readonly table: TableName;
  readonly redis: string;
  readonly namespace: string;
  readonly does: 'writes' | 'delivers';
  /** Statements, and what it has Redis write. */
  readonly steps: number;
}

const { url, schema, table, redis, namespace, does, steps } = JSON.parse(process.env.SETUP!) as MortalSetup;

let left = steps;
function step(): void {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

type Calls = Record<string, (...args: unknown[]) => Promise<unknown>>;

const { query } = pg.Client.prototype;
pg.Client.prototype.query = async function mortal(this: pg.Client, ...args: unknown[]) {
  const result: unknown = await (query as Calls[string]).apply(this, args);
  // Looking whether it is done is no part of it.
  if (!JSON.stringify(args[0]).includes('count(*)')) step();
  return result;
} as never;

const client = new Redis(redis, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
await once(client, 'ready');
const { pipeline } = client;
client.pipeline = () => {
  const made = pipeline.call(client) as unknown as Calls & { readonly length: number };
  let writes = false;
  for (const name of ['evalsha', 'eval']) {
    const command = made[name]!;
    made[name] = (...args) => {
      writes = true;
      return command.apply(made, args);
    };
  }
  const exec = made.exec!;
  made.exec = async () => {
    const replies = await exec.call(made);
    if (writes) step();
    return replies;
  };
  return made as never;
};

const cache = new Cache({
  namespace,
  redis: redisTier(client, { commandTimeoutMs: 20_000, budgetMs: 20_000 }),
});
const pool = poolOf(url, schema);
const outbox = createOutbox(pool, { table, caches: does === 'delivers' ? [cache] : [], listen: false });
if (does === 'writes') {
  await transactions(pool, { cache, outbox })(async (tx) => {
    await tx.query('UPDATE products SET price = price + 1 WHERE id = 7');
    tx.invalidate('product:7');
  });
}
while ((await outbox.waiting()).rows > 0) {}
await outbox.close();
process.send!('done');
process.on('disconnect', () => process.exit());
