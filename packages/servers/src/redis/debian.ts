import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildOnce } from '../files/build-once.ts';
import { cacheFolder } from '../files/cache.ts';
import { onPath, versionOf } from '../process/command.ts';
import type { Progress } from '../server.ts';
import { downloadServer } from './apt.ts';
import { isVersionOf, nameOf, type Variant } from './variants.ts';

const run = promisify(execFile);

export interface UnpackedRedis {
  readonly command: string;
  /** Of the command, before the server's own. */
  readonly first: readonly string[];
  readonly version: string;
}

/** Takes a server out of Debian's or Ubuntu's packages into our cache: no root, nothing installed. */
export async function unpackRedis(variant: Variant, onProgress: Progress): Promise<UnpackedRedis> {
  const { program, suite } = variant;
  if (suite === undefined) throw new Error(`no suite of Debian has ${nameOf(variant)}`);
  if (!(await onPath('apt-get')) || !(await onPath('dpkg'))) throw new Error('this is not Debian or Ubuntu');
  const release = suite === 'own' ? await ownRelease() : suite;
  const folder = await buildOnce({
    target: join(await cacheFolder(), `${program}-${release}-${process.arch}`),
    isDone: async (candidate) => (await unpackedIn(candidate, variant)) !== undefined,
    fill: async (draft) => {
      onProgress(`Unpacking ${program} from Debian packages (${release}) into a cache folder, once`);
      const work = join(draft, 'apt');
      for (const file of await downloadServer({ program, suite }, work))
        await run('dpkg', ['-x', file, draft]);
      await rm(work, { recursive: true });
      if (!(await unpackedIn(draft, variant))) throw new Error(`the unpacked ${program} does not run here`);
    },
  });
  return (await unpackedIn(folder, variant))!;
}

/** By the loader and the C library of its own release: this machine's may be older than it needs. */
async function unpackedIn(folder: string, variant: Variant): Promise<UnpackedRedis | undefined> {
  const libraries = await Promise.all(['lib', 'usr/lib'].map((lib) => perArchitecture(join(folder, lib))));
  const loader = await loaderIn(libraries.flat());
  if (loader === undefined) return undefined;
  const program = join(folder, 'usr/bin', variant.program);
  const first = ['--library-path', libraries.flat().join(':'), program];
  const version = await versionOf(loader, { first });
  return version && isVersionOf(variant, version) ? { command: loader, first, version } : undefined;
}

async function perArchitecture(lib: string): Promise<string[]> {
  const names = await readdir(lib).catch(() => []);
  return names.filter((name) => name.includes('-linux-')).map((name) => join(lib, name));
}

async function loaderIn(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const name = (await readdir(folder)).find((one) => /^ld-linux.*\.so/.test(one));
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}

/** `debian-12`. */
async function ownRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([\\w.]+)"?$`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}`;
}
