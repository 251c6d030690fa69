import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const fileIn = (dataDir: string): string => join(dataDir, 'database-url');

/** Leaves word of where the database of the running shop is: on another port each time. Resolves what takes it back. */
export async function leaveWord(dataDir: string, databaseUrl: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(fileIn(dataDir), databaseUrl, { mode: 0o600 });
  return () => rm(fileIn(dataDir), { force: true });
}

/** Undefined where no shop runs that has left word. */
export async function wordOf(dataDir: string): Promise<string | undefined> {
  try {
    return await readFile(fileIn(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
