import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';

const FOLDER = new URL('../../migrations/', import.meta.url);
// Any constant will do, as long as every process of this app uses the same.
const LOCK = 7_266_351;

/** One whose SQL a package writes, for the namespace of the cache. */
interface Written {
  readonly default: (namespace: string) => string;
}

/** Applies what is missing, in order, all or nothing; processes that start together take turns. */
export function migrate(database: Database, namespace: string): Promise<string[]> {
  return database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await tx.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name text PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
    const rows = await tx.query<{ name: string }>('SELECT name FROM schema_migrations');
    const applied = new Set(rows.map((row) => row.name));
    const missing = (await migrationNames()).filter((name) => !applied.has(name));
    for (const name of missing) {
      await tx.query(await sqlOf(name, namespace));
      await tx.query('INSERT INTO schema_migrations (name) VALUES ($1)', [name]);
    }
    return missing;
  });
}

async function migrationNames(): Promise<string[]> {
  const names = await readdir(fileURLToPath(FOLDER));
  return names.filter((name) => /^\d{4}_\w+\.(?:sql|ts)$/.test(name)).sort();
}

async function sqlOf(name: string, namespace: string): Promise<string> {
  const file = new URL(name, FOLDER);
  if (name.endsWith('.sql')) return readFile(file, 'utf8');
  const written: Written = await import(file.href);
  return written.default(namespace);
}
