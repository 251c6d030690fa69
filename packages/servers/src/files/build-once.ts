import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const abandonedAfter = 10 * 60_000;

export interface Build {
  /** The folder that results. */
  readonly target: string;
  isDone(folder: string): Promise<boolean>;
  /** Fills an empty folder beside the target; never sees the target itself. */
  fill(draft: string): Promise<void>;
}

/** Makes a folder that is either whole or absent, however many processes make it and wherever one is killed. */
export async function buildOnce({ target, isDone, fill }: Build): Promise<string> {
  if (await isDone(target)) return target;
  await removeAbandonedDrafts(target);
  const draft = await mkdtemp(draftPrefix(target));
  try {
    await fill(draft);
    await publish(draft, target, isDone);
    return target;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function publish(draft: string, target: string, isDone: Build['isDone']): Promise<void> {
  try {
    await rename(draft, target);
  } catch (error) {
    if (await isDone(target)) return;
    if (!isOccupied(error)) throw error;
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  }
}

/** Left by a process that was killed. A running one takes seconds. */
async function removeAbandonedDrafts(target: string): Promise<void> {
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(basename(draftPrefix(target)))) continue;
    const path = join(folder, name);
    const age = Date.now() - (await stat(path).then(modifiedAt, () => Date.now()));
    if (age > abandonedAfter) await rm(path, { recursive: true, force: true });
  }
}

const draftPrefix = (target: string): string => `${target}.draft-`;
const modifiedAt = ({ mtimeMs }: { mtimeMs: number }): number => mtimeMs;
const isOccupied = (error: unknown): boolean =>
  ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');
