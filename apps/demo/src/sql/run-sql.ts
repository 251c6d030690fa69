import pg from 'pg';

/** What became of each statement: its command, how many rows it had to do with, and the first of those it gives. */
export async function runSql(databaseUrl: string, text: string): Promise<string[]> {
  // Under a name of its own: to the triggers it is somebody else than the shop.
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'demo:sql',
    connectionTimeoutMillis: 5_000,
  });
  // Without a listener a connection that breaks would end the whole process.
  client.on('error', () => {});
  try {
    await client.connect();
    // One for each statement, where there are several.
    const results = [await client.query(text)].flat();
    return results.flatMap(linesOf);
  } finally {
    await client.end();
  }
}

const MOST_ROWS = 20;

const linesOf = ({ command, rowCount, rows }: pg.QueryResult): string[] => [
  ...rows.slice(0, MOST_ROWS).map((row) => JSON.stringify(row)),
  ...(rows.length > MOST_ROWS ? ['…'] : []),
  `${command}${rowCount === null ? '' : ` ${rowCount}`}`,
];
