import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root, so root runs it as `nobody`. */
export const postgresAccount = (): Account | undefined =>
  process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** Whether the account may walk to this folder: every folder on the way lets it pass. */
export function reaches(account: Account, folder: string): boolean {
  const path = resolve(folder);
  const { uid, gid, mode } = statSync(path);
  const pass = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if ((mode & pass) === 0) return false;
  return path === dirname(path) || reaches(account, dirname(path));
}
