import { join, resolve } from 'node:path';
import { temporaryFolder } from '../files/temporary.ts';
import { startChild } from '../process/child.ts';
import { onFreePort } from '../process/port.ts';
import type { LocalRedis, Progress } from '../server.ts';
import { localRedis, type RedisProgram } from './find.ts';
import { redisAnswers } from './probe.ts';

export interface LocalRedisOptions {
  /** Any free port when absent. */
  readonly port?: number | undefined;
  /** Added after ours, so they win: `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[] | undefined;
  /** Redis' working folder, kept afterwards; a temporary one when absent. */
  readonly dir?: string | undefined;
  readonly onProgress?: Progress | undefined;
  /** No free port above this one will do. */
  readonly highestPort?: number | undefined;
}

/** Always a private process on loopback: what a fault test may kill without asking. */
export async function spawnRedis(options: LocalRedisOptions = {}): Promise<LocalRedis> {
  return runRedis(await localRedis(options.onProgress), options);
}

export function runRedis(program: RedisProgram, options: LocalRedisOptions): Promise<LocalRedis> {
  return onFreePort(options, (port) => runOnPort(program, options, port));
}

async function runOnPort(
  { command, first, how }: RedisProgram,
  { args = [], dir }: LocalRedisOptions,
  port: number,
): Promise<LocalRedis> {
  const folder = await temporaryFolder('redis');
  const child = startChild({
    name: how,
    command,
    args: [...first, ...commandLine(port, dir ? resolve(dir) : folder.path, args)],
    cwd: folder.path,
    logFile: join(folder.path, 'redis.log'),
    // Nothing is to be saved, and a stalled or replicating Redis would keep a gentler signal waiting.
    stopSignals: ['SIGKILL'],
  });
  try {
    await child.ready(() => redisAnswers(port, child.pid));
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    how,
    port,
    pid: child.pid,
    async kill(signal) {
      child.signal(signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await child.ended;
    },
    async stop() {
      await child.stop();
      await folder.remove();
    },
  };
}

function commandLine(port: number, dir: string, args: readonly string[]): string[] {
  // Redis takes a configuration file only as the first argument; Sentinel cannot do without one.
  const file = args.length > 0 && !args[0]?.startsWith('--') ? args.slice(0, 1) : [];
  const ours = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    dir,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  return [...file, ...ours, ...args.slice(file.length)];
}
