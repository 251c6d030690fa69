import { readConfig } from '../run/config.ts';
import { wordOf } from '../run/whereabouts.ts';
import { runSql } from './run-sql.ts';

const USAGE = `Usage: pnpm demo:sql "update products set price_cents = price_cents + 1 where id = 7"

  Runs SQL in the database of the running demo, behind its back. DATABASE_URL and LARDER_DATA_DIR as the demo has them.`;

/** @throws Error with a message for people */
async function run(sql: string): Promise<string[]> {
  const databaseUrl = process.env.DATABASE_URL || (await wordOf(readConfig(process.env).dataDir));
  if (databaseUrl === undefined)
    throw new Error(
      'No shop runs here: start it with "pnpm demo" first, or give the DATABASE_URL that it has.',
    );
  return runSql(databaseUrl, sql);
}

try {
  const [sql, ...others] = process.argv.slice(2).filter((arg) => arg !== '--');
  const asked = sql !== undefined && others.length === 0 && !/^(?:-h|--help)$/.test(sql);
  for (const line of asked ? await run(sql) : [USAGE]) console.log(line);
} catch (error) {
  // A connection refused at several addresses has no message of its own.
  const { message, code } = error as NodeJS.ErrnoException;
  console.error(message || `Postgres does not answer: ${code}`);
  process.exitCode = 1;
}
