import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Variant } from './variants.ts';

const run = promisify(execFile);

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Has what the mirrors have no longer. */
const ARCHIVE = 'http://archive.debian.org/debian';

/**
 * Downloads a server's package and all libraries it needs, down to the C library, into an empty folder. To apt nothing
 * is installed here and nobody else is at work: no root, and the machine stays as it is. Returns the files.
 */
export async function downloadServer(
  { program, suite = 'own' }: Pick<Variant, 'program' | 'suite'>,
  work: string,
): Promise<string[]> {
  const failures: string[] = [];
  for (const [i, source] of (await sourcesOf(suite)).entries()) {
    try {
      return await downloadFrom(source, program, join(work, String(i)));
    } catch (error) {
      failures.push((error as Error).message.trim());
    }
  }
  throw new Error(failures.join('\n'));
}

/** Lines of a sources.list, the best first; nothing stands for the machine's own. */
async function sourcesOf(suite: string): Promise<(string | undefined)[]> {
  if (suite === 'own') return [undefined];
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)']);
  const mirror = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  const addresses = [mirror ?? 'http://deb.debian.org/debian', ARCHIVE];
  return addresses.map((address) => `deb [signed-by=${KEYRING}] ${address} ${suite} main\n`);
}

async function downloadFrom(source: string | undefined, program: string, work: string): Promise<string[]> {
  const debs = join(work, 'cache/archives');
  await mkdir(join(work, 'lists/partial'), { recursive: true });
  await mkdir(join(debs, 'partial'), { recursive: true });
  await writeFile(join(work, 'status'), '');
  await writeFile(join(work, 'sources.list'), source ?? '');
  await writeFile(join(work, 'apt.conf'), privateApt(work, source !== undefined));
  const apt = (...args: string[]) =>
    run('apt-get', ['-c', join(work, 'apt.conf'), ...args], { cwd: debs, timeout: 120_000 });

  await apt('update');
  // The program itself is among the tools; the package of the server needs half a system on top.
  const tools = program.replace('-server', '-tools');
  await apt('install', '--download-only', '--no-install-recommends', '--yes', tools);
  await apt('download', program);
  return (await readdir(debs)).filter((name) => name.endsWith('.deb')).map((name) => join(debs, name));
}

// The hooks are cleared because a machine may have some that touch its own package cache.
const privateApt = (work: string, ownSources: boolean): string => `
Dir::State "${work}";
Dir::State::lists "${work}/lists";
Dir::State::status "${work}/status";
Dir::Cache "${work}/cache";
${ownSources ? `Dir::Etc::sourcelist "${work}/sources.list";\nDir::Etc::sourceparts "/dev/null";` : ''}
Debug::NoLocking "1";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "15";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
