import pg from 'pg';

/** Whether the Postgres on this port takes queries, and is the one that has our data folder open. */
export async function postgresAnswers(url: string, dataFolder: string): Promise<boolean> {
  try {
    return await withClient(url, async (client) => {
      const { rows } = await client.query('SHOW data_directory');
      return rows[0].data_directory === dataFolder;
    });
  } catch {
    return false;
  }
}

export async function createDatabase(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({
    connectionString: maintenance.href,
    connectionTimeoutMillis: 5_000,
    ssl: false,
  });
  // Without a listener a connection that breaks would end the whole process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
