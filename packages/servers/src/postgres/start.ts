import { join } from 'node:path';
import { dockerPostgres } from '../docker.ts';
import { noPostgres } from '../errors.ts';
import { type TemporaryFolder, temporaryFolder } from '../files/temporary.ts';
import { type Account, postgresAccount } from '../process/account.ts';
import { startChild } from '../process/child.ts';
import { onFreePort } from '../process/port.ts';
import { found, type Progress, type Server } from '../server.ts';
import { claimCluster, ensureCluster, reachableHome } from './cluster.ts';
import { createDatabase, postgresAnswers } from './database.ts';
import { findPostgres, type PostgresProgram } from './find.ts';

export interface PostgresOptions {
  /** Keeps the data between runs; when absent it is thrown away on `stop`, and faster for it. */
  readonly dataDir?: string | undefined;
  /** Made when missing, except in a Postgres that is only found. */
  readonly database?: string | undefined;
  readonly onProgress?: Progress | undefined;
}

/** A Postgres to talk to: the one named by DATABASE_URL, or one of ours until `stop`. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Server> {
  const { dataDir, database = 'larder', onProgress = () => {} } = options;
  if (process.env.DATABASE_URL) return found(process.env.DATABASE_URL, 'DATABASE_URL');
  const tried = ['DATABASE_URL: not set'];

  const container = await dockerPostgres({ dataDir, database, onProgress }, tried);
  if (container) return container;

  const account = postgresAccount();
  const program = await findPostgres({ account, onProgress, tried });
  if (!program) throw noPostgres(tried);

  const temporary = await temporaryFolder('postgres', account);
  try {
    const home = dataDir ? await reachableHome(dataDir, account, onProgress) : temporary.path;
    const cluster = await ensureCluster(program, home, account);
    await claimCluster(cluster);
    const run: Run = { program, account, cluster, database, durable: dataDir !== undefined, temporary };
    return await onFreePort({}, (port) => runOnPort(run, port));
  } catch (error) {
    await temporary.remove();
    throw error;
  }
}

interface Run {
  readonly program: PostgresProgram;
  readonly account: Account | undefined;
  readonly cluster: string;
  readonly database: string;
  readonly durable: boolean;
  readonly temporary: TemporaryFolder;
}

async function runOnPort(run: Run, port: number): Promise<Server> {
  const { program, account, cluster, database, durable, temporary } = run;
  const child = startChild({
    command: join(program.bin, 'postgres'),
    args: ['-D', cluster, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...(durable ? [] : careless)],
    cwd: temporary.path,
    account,
    logFile: join(temporary.path, 'postgres.log'),
    // Fast, immediate, and last what leaves shared memory behind.
    stopSignals: ['SIGINT', 'SIGQUIT', 'SIGKILL'],
  });
  const url = `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  await child.ready(() => postgresAnswers(url, cluster));
  try {
    await createDatabase(url, database);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    url,
    how: program.how,
    async stop() {
      await child.stop();
      await temporary.remove();
    },
  };
}

// What is thrown away need not survive a power cut.
const careless = ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'];
