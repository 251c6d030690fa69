import { type Cache, invalidOptions, knownOptions } from '@larder/core';
import type { Pool, PoolClient } from 'pg';
import { cacheIn, poolIn } from './checks.ts';
import { rolledBack } from './errors.ts';
import { NamedTags } from './named-tags.ts';
import type { Outbox } from './outbox.ts';
import { runTransaction } from './run-transaction.ts';

export interface Transaction {
  readonly query: PoolClient['query'];
  /** The connection itself, for libraries that want one. */
  readonly client: PoolClient;
  /**
   * Names what the transaction makes out of date.
   * @throws LarderError `LARDER_INVALID_TAG`, `LARDER_TRANSACTION_OVER`
   */
  readonly invalidate: (tags: string | readonly string[]) => void;
  /** Everything in the namespace. */
  readonly invalidateAll: () => void;
}

export type RunTransaction = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

export interface TransactionsOptions {
  readonly cache: Cache;
  /** Where what was named is recorded as well, so that a crash right after the commit loses nothing. */
  readonly outbox?: Outbox;
}

/**
 * Gives a function that runs another between BEGIN and COMMIT, and invalidates what it has named before it resolves:
 * after the commit, and not at all where there was none. An outbox delivers what the cache cannot be told of now.
 *
 * It rejects with what the function has thrown, with what Postgres has refused, with `LARDER_ROLLED_BACK`, or with
 * `LARDER_COMMIT_UNKNOWN`; in the last case it has invalidated all the same.
 *
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function transactions(pool: Pool, options: TransactionsOptions): RunTransaction {
  const { cache, outbox } = checked(pool, options);
  return async (work) => {
    const named = new NamedTags();
    let recorded: readonly string[] = [];
    const outcome = await runTransaction(pool, async (client) => {
      const query = client.query.bind(client) as PoolClient['query'];
      const tx = { query, client, invalidate: named.add, invalidateAll: named.addEverything };
      const value = await work(tx).finally(() => named.end());
      const groups = named.groups();
      recorded = (await outbox?.recordQuietly(client, cache.namespace, groups).catch(refused)) ?? [];
      return value;
    });
    if (outcome.kind === 'rolled back') throw outcome.error;
    const { state } = await cache.invalidateTags(named.tags());
    // Postgres may come to a COMMIT without an answer after this: then the rows are all there is.
    if (outcome.kind === 'unknown') throw outcome.error;
    if (state === 'done') outbox?.forget(cache.namespace, recorded);
    return outcome.value;
  };
}

/** `in_failed_sql_transaction`: what a COMMIT would have shown as well. */
function refused(error: { readonly code?: unknown }): never {
  throw error.code === '25P02' ? rolledBack() : error;
}

function checked(pool: Pool, options: TransactionsOptions): TransactionsOptions {
  poolIn(pool);
  knownOptions('options', options, ['cache', 'outbox']);
  cacheIn('options.cache', options.cache);
  const { outbox } = options;
  if (outbox !== undefined && typeof outbox.recordQuietly !== 'function')
    throw invalidOptions('options.outbox', outbox, 'give what createOutbox() gives, or leave it out');
  return options;
}
