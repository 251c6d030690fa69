import { mayUseInstalled } from '../choice.ts';
import { noLocalRedis } from '../errors.ts';
import { onPath, versionOf } from '../process/command.ts';
import type { Progress } from '../server.ts';
import { unpackRedis } from './debian.ts';

export interface RedisProgram {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly how: string;
}

/** A redis-server to run. What is missing goes into `tried`, one line each. */
export async function findRedis(tried: string[], onProgress: Progress): Promise<RedisProgram | undefined> {
  return (await installed(tried)) ?? (await unpacked(tried, onProgress));
}

/** A redis-server to run, or an error that says what is missing. */
export async function localRedis(onProgress: Progress = () => {}): Promise<RedisProgram> {
  const tried: string[] = [];
  const program = await findRedis(tried, onProgress);
  if (!program) throw noLocalRedis(tried);
  return program;
}

async function installed(tried: string[]): Promise<RedisProgram | undefined> {
  if (!mayUseInstalled()) return void tried.push('redis-server on PATH: passed over (LARDER_SERVERS)');
  const command = await onPath('redis-server');
  if (!command) return void tried.push('redis-server on PATH: there is none');
  const version = await versionOf(command);
  if (!version) return void tried.push(`redis-server on PATH: ${command} does not run`);
  return { command, env: {}, how: `redis-server on PATH (${version})` };
}

async function unpacked(tried: string[], onProgress: Progress): Promise<RedisProgram | undefined> {
  try {
    const { command, env } = await unpackRedis(onProgress);
    const version = await versionOf(command, { env });
    return { command, env, how: `redis-server ${version} unpacked from Debian packages` };
  } catch (error) {
    return void tried.push(`redis-server from Debian packages: ${(error as Error).message.trim()}`);
  }
}
