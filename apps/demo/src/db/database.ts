import type pg from 'pg';

export interface Queryable {
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** The pool as the repositories see it: rows in, rows out, every statement counted. */
export class Database implements Queryable {
  readonly #pool: pg.Pool;
  readonly #onQuery: () => void;

  constructor(pool: pg.Pool, onQuery: () => void = () => {}) {
    this.#pool = pool;
    this.#onQuery = onQuery;
  }

  query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#run<Row>(this.#pool, sql, values);
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const tx: Queryable = { query: (sql, values = []) => this.#run(client, sql, values) };
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(tx);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // A connection that cannot even roll back must not return to the pool with a transaction open.
      await client.query('ROLLBACK').catch((cause: Error) => {
        broken = cause;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async #run<Row extends object>(on: pg.Pool | pg.PoolClient, sql: string, values: readonly unknown[]) {
    this.#onQuery();
    const result = await on.query<Row & pg.QueryResultRow>(sql, [...values]);
    return result.rows as Row[];
  }
}
