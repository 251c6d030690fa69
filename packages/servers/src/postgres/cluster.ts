import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DataInUseError, ServerFailedError } from '../errors.ts';
import { buildOnce } from '../files/build-once.ts';
import { sharedFolder } from '../files/cache.ts';
import { type Account, reaches } from '../process/account.ts';
import type { Progress } from '../server.ts';
import type { PostgresProgram } from './find.ts';

const run = promisify(execFile);
const patience = 3_000;
const nobodysPid = 2 ** 31 - 1;

/** A data folder of this Postgres inside `home`, made on the first call and found on the next. */
export function ensureCluster(
  { bin, major }: PostgresProgram,
  home: string,
  account: Account | undefined,
): Promise<string> {
  return buildOnce({
    // One folder per major version: a newer Postgres cannot open an older one's.
    target: join(home, `postgres-${major}`),
    // Never opened to look inside: whatever has this name is somebody's data.
    isDone: async (folder) => existsSync(folder),
    fill: async (draft) => {
      if (account) await chown(draft, account.uid, account.gid);
      await initialise(join(bin, 'initdb'), draft, account);
    },
  });
}

async function initialise(initdb: string, folder: string, account: Account | undefined): Promise<void> {
  // No password: only this machine can connect, and what is inside is sample data.
  const options = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync'];
  try {
    await run(initdb, ['-D', folder, ...options], {
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C' },
      ...account,
    });
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    throw new ServerFailedError(`${initdb} could not make ${folder}.`, stderr.trim(), { cause });
  }
}

/** The folder asked for, or one the account can reach: a clone may lie in a folder that is root's alone. */
export async function reachableHome(
  asked: string,
  account: Account | undefined,
  onProgress: Progress,
): Promise<string> {
  const home = resolve(asked);
  await mkdir(home, { recursive: true });
  if (!account || reaches(account, home)) return home;
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 8);
  const elsewhere = join(await sharedFolder(account), `data-${digest}`);
  await mkdir(elsewhere, { recursive: true });
  await chown(elsewhere, account.uid, account.gid);
  onProgress(`Postgres may not run as root, and others cannot reach ${home}: its data is in ${elsewhere}`);
  return elsewhere;
}

/** Rejects while another Postgres has the folder open; disarms what a killed one left to say it had. */
export async function claimCluster(folder: string): Promise<void> {
  const lock = join(folder, 'postmaster.pid');
  const deadline = Date.now() + patience;
  let holder = await holderOf(lock);
  // The Postgres of a run that was just killed needs a moment to end.
  while (holder && holds(holder, folder) && Date.now() < deadline) {
    await sleep(50);
    holder = await holderOf(lock);
  }
  if (!holder) return;
  if (holds(holder, folder)) throw new DataInUseError(folder, holder);
  if (isAlive(holder)) await disarm(lock);
}

// Postgres sees by itself that a process is gone, but not that its number now belongs to another program.
// The rest of the file stays: by it Postgres knows whether the killed one's workers are still at it.
async function disarm(lock: string): Promise<void> {
  const text = await readFile(lock, 'utf8').catch(() => '');
  if (text) await writeFile(lock, text.replace(/^\d+/, String(nobodysPid)));
}

async function holderOf(lock: string): Promise<number | undefined> {
  const text = await readFile(lock, 'utf8').catch(() => '');
  return Number.parseInt(text, 10) || undefined;
}

const holds = (pid: number, folder: string): boolean => isAlive(pid) && commandLineOf(pid).includes(folder);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function commandLineOf(pid: number): string {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
