import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildOnce } from '../files/build-once.ts';
import { cacheFolder } from '../files/cache.ts';
import { onPath, versionOf } from '../process/command.ts';
import type { Progress } from '../server.ts';

const run = promisify(execFile);
const packages = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];

export interface UnpackedRedis {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Takes redis-server out of Debian's or Ubuntu's packages into our cache: no root, nothing installed. */
export async function unpackRedis(onProgress: Progress): Promise<UnpackedRedis> {
  if (!(await onPath('apt-get')) || !(await onPath('dpkg'))) throw new Error('this is not Debian or Ubuntu');
  const folder = await buildOnce({
    target: join(await cacheFolder(), `redis-${await distribution()}-${process.arch}`),
    isDone: async (candidate) => (await versionOfUnpacked(candidate)) !== undefined,
    fill: async (draft) => {
      onProgress('Unpacking redis-server from Debian packages into a cache folder, once');
      await unpack(draft);
    },
  });
  return unpackedIn(folder);
}

async function unpack(draft: string): Promise<void> {
  const work = join(draft, 'apt');
  await mkdir(join(work, 'lists/partial'), { recursive: true });
  await mkdir(join(work, 'cache/archives/partial'), { recursive: true });
  await writeFile(join(work, 'apt.conf'), privateApt(work));
  const apt = (...args: string[]) =>
    run('apt-get', ['-c', join(work, 'apt.conf'), ...args], { cwd: work, timeout: 120_000 });

  await apt('update');
  await apt('download', ...packages);
  for (const file of await readdir(work)) {
    if (file.endsWith('.deb')) await run('dpkg', ['-x', join(work, file), draft]);
  }
  await rm(work, { recursive: true });
  if (!(await versionOfUnpacked(draft))) throw new Error('the unpacked redis-server does not run here');
}

// The hooks are cleared because a machine may have some that touch its own package cache.
const privateApt = (work: string): string => `
Dir::State "${work}";
Dir::State::lists "${work}/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "${work}/cache";
Debug::NoLocking "1";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "15";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;

async function versionOfUnpacked(folder: string): Promise<string | undefined> {
  const { command, env } = await unpackedIn(folder);
  return versionOf(command, { env });
}

async function unpackedIn(folder: string): Promise<UnpackedRedis> {
  const lib = join(folder, 'usr/lib');
  const perArchitecture = await readdir(lib).catch(() => []);
  return {
    command: join(folder, 'usr/bin/redis-server'),
    env: { LD_LIBRARY_PATH: perArchitecture.map((name) => join(lib, name)).join(':') },
  };
}

/** `debian-12`: libraries of one release need not run on another that shares the home folder. */
async function distribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([\\w.]+)"?$`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}`;
}
