import { chmod, lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Account, reaches } from '../process/account.ts';
import { temporaryRoot } from './temporary.ts';

/** Where programs we unpack stay between runs; anyone may delete it at any time. */
export async function cacheFolder(): Promise<string> {
  const folder =
    process.env.LARDER_CACHE_DIR || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'larder');
  await mkdir(folder, { recursive: true });
  return folder;
}

/** A lasting folder that root and the account can both use: the cache, or one beside the temporary files. */
export async function sharedFolder(account: Account): Promise<string> {
  const cache = await cacheFolder();
  if (reaches(account, cache)) return cache;
  const folder = join(temporaryRoot(account), `larder-${process.getuid?.()}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { uid, mode } = await lstat(folder);
  // Everybody may create names there: what root runs must be what root put there.
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new Error(`${folder} belongs to somebody else: delete it, or set LARDER_CACHE_DIR`);
  }
  await chmod(folder, 0o755);
  return folder;
}
