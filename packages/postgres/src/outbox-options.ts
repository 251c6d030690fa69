import { type Cache, type Clock, invalidOptions, knownOptions, positive, systemClock } from '@larder/core';
import type { ClientConfig, Pool } from 'pg';
import { cacheIn, poolIn } from './checks.ts';
import { DEFAULT_TABLE } from './outbox-table.ts';
import { type Table, type TableName, tableOf } from './sql-text.ts';

export interface OutboxOptions {
  /** Rows of their namespaces are delivered by this process; with none it only records. */
  readonly caches: readonly Cache[];
  /** Default `larder_outbox`. */
  readonly table?: TableName;
  /** How often rows are looked for though nobody has told of any. Default 1000. */
  readonly pollMs?: number;
  /** Rows that are delivered at a time. Default 100. */
  readonly batchRows?: number;
  /** Where to listen: the pool's own place unless told otherwise; `false` where there is none, and polling has to do. */
  readonly listen?: ClientConfig | false;
  /** Told of failures to deliver; observers of the caches are in any case. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
}

export interface ResolvedOutbox {
  readonly pool: Pool;
  readonly caches: ReadonlyMap<string, Cache>;
  readonly table: Table;
  readonly pollMs: number;
  readonly batchRows: number;
  readonly listen: ClientConfig | false;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

const KNOWN = ['caches', 'table', 'pollMs', 'batchRows', 'listen', 'onError', 'clock'];

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function resolveOutbox(pool: Pool, options: OutboxOptions): ResolvedOutbox {
  poolIn(pool);
  knownOptions('options', options, KNOWN);
  const { table = DEFAULT_TABLE, pollMs = 1000, batchRows = 100, listen = pool.options } = options;
  const { onError = () => {}, clock = systemClock } = options;
  if (listen !== false && (typeof listen !== 'object' || listen === null))
    throw invalidOptions('options.listen', listen, 'give what a Client of pg takes, or false');
  if (typeof onError !== 'function')
    throw invalidOptions('options.onError', onError, 'give a function, or leave it out');
  return {
    pool,
    caches: byNamespace(options.caches),
    table: tableOf('options.table', table),
    pollMs: positive('options.pollMs', pollMs),
    batchRows: positive('options.batchRows', batchRows),
    listen,
    onError,
    clock,
  };
}

/** A row is delivered once, to one cache of its namespace. */
function byNamespace(given: unknown): ReadonlyMap<string, Cache> {
  if (!Array.isArray(given)) throw invalidOptions('options.caches', given, 'give an array of caches');
  const caches = new Map<string, Cache>();
  for (const [i, cache] of given.entries()) {
    const { namespace } = cacheIn(`options.caches[${i}]`, cache);
    if (caches.has(namespace))
      throw invalidOptions(
        'options.caches',
        namespace,
        'give one cache a namespace: a row is delivered once',
      );
    caches.set(namespace, cache);
  }
  return caches;
}
