import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));
// Any constant will do, as long as every process of this app uses the same.
const LOCK = 7_266_351;

/** Applies what is missing, in order, all or nothing; processes that start together take turns. */
export function migrate(database: Database, folder: string = FOLDER): Promise<string[]> {
  return database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await tx.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name text PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
    const rows = await tx.query<{ name: string }>('SELECT name FROM schema_migrations');
    const applied = new Set(rows.map((row) => row.name));
    const missing = (await migrationNames(folder)).filter((name) => !applied.has(name));
    for (const name of missing) {
      await tx.query(await readFile(`${folder}/${name}`, 'utf8'));
      await tx.query('INSERT INTO schema_migrations (name) VALUES ($1)', [name]);
    }
    return missing;
  });
}

async function migrationNames(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
}
