import type { Cache } from '@larder/core';
import type { Pool, PoolClient } from 'pg';
import { batchOf } from './batch.ts';
import { claim, limited, type Row, removal, waitingNamespaces } from './outbox-table.ts';
import { type Running, runTransaction } from './run-transaction.ts';
import type { Table } from './sql-text.ts';

export interface Delivering {
  readonly pool: Pool;
  readonly table: Table;
  readonly caches: ReadonlyMap<string, Cache>;
  readonly batchRows: number;
  /** Hears of rows that were taken for "everything". */
  readonly refused: (error: unknown, cache: Cache) => void;
}

/** Tags that a shared store is told of at a time: what takes longer than a call may would be told again and again. */
const TAGS_AT_ONCE = 256;

/** Not what the database may have for a default: a snapshot that is kept makes claims fail that others have beaten. */
const RUNNING: Running = {
  begin: 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
  send: (client, sql) => client.query(limited(sql)),
};

/** Delivers whatever waits, a batch at a time. Rejects where Postgres fails; what it had begun stays there. */
export async function deliverAll(delivering: Delivering, goesOn: () => boolean): Promise<void> {
  const { pool, table, caches } = delivering;
  const { rows } = await pool.query<{ namespace: string }>(
    limited(waitingNamespaces(table), [[...caches.keys()]]),
  );
  for (const { namespace } of rows) {
    const cache = caches.get(namespace)!;
    while (goesOn() && (await deliverBatch(delivering, cache)) === 'more') {}
  }
}

/** One batch, whose rows are nobody else's meanwhile, and everybody's again if this process ends before its commit. */
async function deliverBatch(delivering: Delivering, cache: Cache): Promise<'more' | 'over'> {
  const { pool, batchRows } = delivering;
  const outcome = await runTransaction(pool, (client) => handOver(client, delivering, cache), RUNNING);
  if (outcome.kind !== 'committed') throw outcome.error;
  return outcome.value === batchRows ? 'more' : 'over';
}

/** Gives how many rows it has removed. */
async function handOver(client: PoolClient, delivering: Delivering, cache: Cache): Promise<number> {
  const { table, batchRows, refused } = delivering;
  const { rows } = await client.query<Row>(limited(claim(table), [cache.namespace, batchRows]));
  if (rows.length === 0) return 0;
  const { tags, refusals } = batchOf(rows);
  for (const error of refusals) refused(error, cache);
  for (let i = 0; i < tags.length; i += TAGS_AT_ONCE) {
    const { state } = await cache.invalidateTags(tags.slice(i, i + TAGS_AT_ONCE));
    if (state !== 'done') return 0;
  }
  await client.query(limited(removal(table), [cache.namespace, rows.map(({ id }) => id)]));
  return rows.length;
}
