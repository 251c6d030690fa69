import pg from 'pg';

/** By this name Postgres knows the shop's own connections, whose writes the cache is told of by who makes them. */
export const APPLICATION = 'shop';

export interface PoolOptions {
  readonly url: string;
  /** Schema that unqualified names resolve to; the tests keep theirs apart with it. */
  readonly schema?: string;
  readonly max?: number;
}

export function createPool({ url, schema, max = 10 }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: APPLICATION,
    max,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    ...(schema && { options: `-c search_path=${schema}` }),
  });
  // An idle connection that the server drops is an 'error' event; without a listener it ends the process.
  pool.on('error', (error) => console.error(`postgres: an idle connection was lost: ${error.message}`));
  return pool;
}
