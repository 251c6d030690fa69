import type { QueryConfig } from 'pg';
import { type Table, type TableName, tableOf } from './sql-text.ts';

/** The rows of an outbox, and every statement about them. */

/** One for all outboxes of a database; its messages are namespaces. */
export const CHANNEL = 'larder_outbox';

export const DEFAULT_TABLE = 'larder_outbox';

/** Whatever takes SQL with `$1` in it: a client of pg, or the transaction of another library in two lines. */
export interface Queryable {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** `null`: everything in the namespace. */
export type Tags = readonly string[] | null;

export interface Row {
  /** A bigint, as pg gives it. */
  readonly id: string;
  /** `null` is everything; an element is `null` where somebody wrote so. */
  readonly tags: readonly (string | null)[] | null;
}

/**
 * The SQL that makes the table of an outbox, for your own migrations; it may run again.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function outboxSchema({ table = DEFAULT_TABLE }: { readonly table?: TableName } = {}): string {
  return `CREATE TABLE IF NOT EXISTS ${tableOf('table', table).sql} (
  id bigint GENERATED ALWAYS AS IDENTITY,
  namespace text NOT NULL,
  tags text[], -- NULL: everything in the namespace
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (namespace, id)
);
`;
}

/** Each value is used once and in order, for libraries that count question marks. */
export const insertion = (table: Table): string =>
  `INSERT INTO ${table.sql} (namespace, tags) VALUES ($1, $2::text[]) RETURNING id`;

/** The message is sent at COMMIT, and not at all without it; the same one twice is sent once. */
export const notification = (): string => `SELECT pg_notify('${CHANNEL}', $1)`;

/** Those of the namespaces that have rows. */
export const waitingNamespaces = (table: Table): string =>
  `SELECT namespace FROM unnest($1::text[]) AS asked (namespace)
   WHERE EXISTS (SELECT FROM ${table.sql} AS o WHERE o.namespace = asked.namespace)`;

/** Whatever is there and nobody else has at the moment: rows become visible in another order than that of their ids. */
export const claim = (table: Table): string =>
  `SELECT id, tags FROM ${table.sql} WHERE namespace = $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED`;

export const removal = (table: Table): string =>
  `DELETE FROM ${table.sql} WHERE namespace = $1 AND id = ANY($2::bigint[])`;

export const census = (table: Table): string =>
  `SELECT count(*)::int AS "rows",
          coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS "oldestSeconds"
   FROM ${table.sql}`;

/** Postgres that does not answer is given up after that. */
const PATIENCE_MS = 10_000;

/** A statement of our own, which nobody else limits. pg knows this limit, and its types do not. */
export const limited = (text: string, values: unknown[] = []): QueryConfig =>
  ({ text, values, query_timeout: PATIENCE_MS }) as QueryConfig;
