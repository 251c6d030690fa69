import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Where Postgres keeps the shop between runs. */
  readonly dataDir: string;
  /** What the cookies of carts are signed with. */
  readonly sessionSecret: string;
  /** Both servers are the demo's own: with others, what they are reached by is not for printing. */
  readonly ownServers: boolean;
  readonly ownPostgres: boolean;
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
  const port = Number(env.PORT || 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT is ${env.PORT}: give a port number.`);
  return {
    port,
    // The passwords are known to everybody, so nobody else gets to try them unless asked for.
    host: env.HOST || '127.0.0.1',
    dataDir: env.LARDER_DATA_DIR || join(tmpdir(), `larder-demo-${userInfo().uid}`),
    // Known to everybody, as the passwords are.
    sessionSecret: env.SESSION_SECRET || 'larder-demo',
    ownServers: !env.DATABASE_URL && !env.REDIS_URL,
    ownPostgres: !env.DATABASE_URL,
  };
}
