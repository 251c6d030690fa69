import pg from 'pg';
import type { Database } from './database.ts';

const sqlOf = (table: Database['table']): string =>
  (table as readonly string[]).map(pg.escapeIdentifier).join('.');

type Tags = readonly (string | null)[] | null;

/** As anybody may write them who knows the table, telling nobody. */
export async function insertInto(
  { pool, table }: Database,
  namespace: string,
  rows: readonly Tags[],
  { ageSeconds = 0 } = {},
): Promise<void> {
  for (const tags of rows)
    await pool.query(
      `INSERT INTO ${sqlOf(table)} (namespace, tags, recorded_at)
       VALUES ($1, $2, clock_timestamp() - make_interval(secs => $3))`,
      [namespace, tags, ageSeconds],
    );
}

/** What each row of the outbox says, the oldest first; emptied. */
export async function takeRows({ pool, table }: Database): Promise<Tags[]> {
  const { rows } = await pool.query<{ tags: Tags }>(
    `WITH taken AS (DELETE FROM ${sqlOf(table)} RETURNING id, tags) SELECT tags FROM taken ORDER BY id`,
  );
  return rows.map(({ tags }) => tags);
}
