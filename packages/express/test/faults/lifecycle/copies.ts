import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';

/** Another copy of the packages, as a second version of them would be. */
export interface Copy {
  /** Where a file of this package's is in it. */
  url(path: string): URL;
  /** Makes it another version, of which the entries cannot be read by others. */
  reframe(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const PACKAGES = ['core', 'redis', 'express'];

export async function copyPackages(): Promise<Copy> {
  const root = await mkdtemp(join(tmpdir(), 'larder-copy-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  // What they depend on is the same one; what they depend on of each other is in the copy.
  const options = { recursive: true, verbatimSymlinks: true };
  for (const name of PACKAGES) {
    const place = join('packages', name);
    await cp(join(ROOT, place), join(root, place), { ...options, filter: (path) => !path.endsWith('/dist') });
  }
  const frame = join(root, 'packages/core/src/store/frame.ts');
  return {
    url: (path) => pathToFileURL(join(root, 'packages/express', path)),
    async reframe() {
      const source = await readFile(frame, 'utf8');
      await writeFile(
        frame,
        source.replace(/FRAME_VERSION = (\d+)/, (_, version) => `FRAME_VERSION = ${+version + 1}`),
      );
    },
  };
}
