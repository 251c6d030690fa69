import { mayUseInstalled } from '../choice.ts';
import { noLocalRedis } from '../errors.ts';
import { onPath, versionOf } from '../process/command.ts';
import type { Progress } from '../server.ts';
import { unpackRedis } from './debian.ts';
import { isVersionOf, nameOf, type Variant, variantOf } from './variants.ts';

export interface RedisProgram {
  readonly command: string;
  /** Of the command, before the server's own. */
  readonly first: readonly string[];
  readonly how: string;
}

/** A server to run. What is missing goes into `tried`, one line each. */
export async function findRedis(
  variant: Variant,
  tried: string[],
  onProgress: Progress,
): Promise<RedisProgram | undefined> {
  return (await installed(variant, tried)) ?? (await unpacked(variant, tried, onProgress));
}

/** A server to run, or an error that says what is missing. */
export async function localRedis(onProgress: Progress = () => {}): Promise<RedisProgram> {
  const variant = variantOf();
  const tried: string[] = [];
  const program = await findRedis(variant, tried, onProgress);
  if (!program) throw noLocalRedis(nameOf(variant), tried);
  return program;
}

async function installed(variant: Variant, tried: string[]): Promise<RedisProgram | undefined> {
  const { program } = variant;
  const missing = (why: string) => void tried.push(`${program} on PATH: ${why}`);
  if (!mayUseInstalled()) return missing('passed over (LARDER_SERVERS)');
  const command = await onPath(program);
  if (!command) return missing('there is none');
  const version = await versionOf(command);
  if (!version) return missing(`${command} does not run`);
  if (!isVersionOf(variant, version)) return missing(`${command} is ${version} (LARDER_REDIS)`);
  return { command, first: [], how: `${program} on PATH (${version})` };
}

async function unpacked(
  variant: Variant,
  tried: string[],
  onProgress: Progress,
): Promise<RedisProgram | undefined> {
  const { program } = variant;
  try {
    const { version, ...unpacked } = await unpackRedis(variant, onProgress);
    return { ...unpacked, how: `${program} ${version} unpacked from Debian packages` };
  } catch (error) {
    return void tried.push(`${program} from Debian packages: ${(error as Error).message.trim()}`);
  }
}
