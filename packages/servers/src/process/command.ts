import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.ts';

const run = promisify(execFile);

export async function onPath(command: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, command);
    if (folder && (await isExecutable(file))) return file;
  }
  return undefined;
}

/** The version a program reports about itself, or nothing if it will not run for this account. */
export async function versionOf(
  command: string,
  options: { first?: readonly string[] | undefined; account?: Account | undefined } = {},
): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, [...(options.first ?? []), '--version'], {
      cwd: '/',
      timeout: 10_000,
      ...options.account,
    });
    return /\d+(\.\d+)*/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
