import pg from 'pg';

/** Connections that look for tables in the schema first. */
export function poolOf(url: string, schema: string, options: pg.PoolConfig = {}): pg.Pool {
  const onConnect = async (client: pg.ClientBase) => {
    await client.query(`SET search_path = ${pg.escapeIdentifier(schema)}`);
  };
  const pool = new pg.Pool({ connectionString: url, onConnect, ...options });
  pool.on('error', () => {});
  return pool;
}
