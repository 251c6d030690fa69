import type pg from 'pg';

/** SQL that is counted by its name, where it matters how often it runs. */
export interface NamedQuery {
  readonly name: string;
  readonly text: string;
}

export interface Queryable {
  query<Row extends object>(sql: string | NamedQuery, values?: readonly unknown[]): Promise<Row[]>;
}

export type OnQuery = (name: string | undefined) => void;

/** The pool as the repositories see it: rows in, rows out, every statement counted. */
export class Database implements Queryable {
  readonly #pool: pg.Pool;
  readonly #onQuery: OnQuery;

  constructor(pool: pg.Pool, onQuery: OnQuery = () => {}) {
    this.#pool = pool;
    this.#onQuery = onQuery;
  }

  query<Row extends object>(sql: string | NamedQuery, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#run<Row>(this.#pool, sql, values);
  }

  /** On a connection that somebody else has taken, and may have begun a transaction on. */
  on(client: pg.PoolClient): Queryable {
    return { query: (sql, values = []) => this.#run(client, sql, values) };
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(this.on(client));
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

  async #run<Row extends object>(
    on: pg.Pool | pg.PoolClient,
    sql: string | NamedQuery,
    values: readonly unknown[],
  ) {
    const { name, text } = typeof sql === 'string' ? { name: undefined, text: sql } : sql;
    this.#onQuery(name);
    // Its name stays here: Postgres would take it for that of a prepared statement.
    const result = await on.query<Row & pg.QueryResultRow>(text, [...values]);
    return result.rows as Row[];
  }
}
