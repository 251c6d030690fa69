import type { Queryable } from '../db/database.ts';

const BATCH = 10_000;

/** Bulk insert, a batch a statement: one array parameter for each column, put together again by unnest. */
export async function insertRows<Row extends object>(
  tx: Queryable,
  table: string,
  types: { readonly [Column in keyof Row & string]: string },
  rows: readonly Row[],
): Promise<void> {
  const columns = Object.keys(types) as (keyof Row & string)[];
  const arrays = columns.map((column, index) => `$${index + 1}::${types[column]}[]`);
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) SELECT * FROM unnest(${arrays.join(', ')})`;
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    await tx.query(
      sql,
      columns.map((column) => batch.map((row) => row[column])),
    );
  }
}
