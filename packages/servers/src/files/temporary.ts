import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, reaches } from '../process/account.ts';
import { guard } from '../process/guard.ts';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A folder of our own, gone at the latest when this process is. */
export async function temporaryFolder(name: string, account?: Account): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(temporaryRoot(account), `larder-${name}-`));
  const forget = guard({ dir: path });
  if (account) await chown(path, account.uid, account.gid);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      forget();
    },
  };
}

/** The usual temporary folder, unless the account cannot walk there. */
export const temporaryRoot = (account?: Account): string =>
  account && !reaches(account, tmpdir()) ? '/tmp' : tmpdir();
