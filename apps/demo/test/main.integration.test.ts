import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { STARTING_MS } from './support/shop.ts';

const source = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

// Started by the program itself: that they end with it is part of what is tested.
const OWN_SERVERS = { DATABASE_URL: '', REDIS_URL: '' };

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function run(file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(
    process.execPath,
    ['--conditions=@larder/source', '--import', 'tsx', source(file), ...args],
    { env: { ...process.env, ...OWN_SERVERS, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (text += chunk));
  return { child, output: () => text, ended: once(child, 'exit').then(([code]) => code) };
}

const runSql = async (sql: string) => {
  const program = run('sql/main.ts', [sql], { LARDER_DATA_DIR: folder });
  return { code: await program.ended, output: program.output() };
};

let folder: string;
let busy: ReturnType<typeof createServer>;
let shop: Program;
let url = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-demo-test-'));
  busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const port = (busy.address() as AddressInfo).port;
  shop = run('main.ts', [], { PORT: String(port), LARDER_DATA_DIR: folder });
  await vi.waitFor(() => expect(shop.output()).toContain('Ctrl-C ends it.'), {
    timeout: STARTING_MS,
    interval: 100,
  });
  url = /The shop is open: (\S+)/.exec(shop.output())![1]!;
}, STARTING_MS);

afterAll(async () => {
  shop?.child.kill('SIGKILL');
  busy?.close();
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

it('takes the next port when the one asked for is busy, and says so', () => {
  expect(shop.output()).toMatch(/Port \d+ is busy: trying \d+\./);
});

it('serves a driver that finds no errors and reports what the cache saved', async () => {
  const traffic = run('traffic/main.ts', [url, '--seconds', '3', '--rate', '60']);
  expect(await traffic.ended, traffic.output()).toBe(0);
  expect(traffic.output()).toMatch(/Hit ratio +\d+\.\d %/);
  expect(traffic.output()).toMatch(/Errors +0 /);
}, 60_000);

it('serves a stampede with one query of the report, and costs its product what it did before', async () => {
  const price = async () => {
    const { items } = (await (await fetch(`${url}/api/products?limit=1`)).json()) as {
      items: { priceCents: number }[];
    };
    return items[0]!.priceCents;
  };
  const before = await price();
  const stampede = run('stampede/main.ts', [url, '--requests', '100']);
  expect(await stampede.ended, stampede.output()).toBe(0);
  expect(stampede.output()).toMatch(/^together +100 /m);
  expect(stampede.output()).toContain('Report queries in Postgres: 1');
  expect(await price()).toBe(before);
}, 60_000);

it('has SQL run behind its back, and serves what that has changed', async () => {
  const page = async () => {
    const response = await fetch(`${url}/api/products/7`);
    const { priceCents } = (await response.json()) as { priceCents: number };
    return { cache: response.headers.get('x-cache'), priceCents };
  };
  const { priceCents } = await page();
  expect(await page()).toEqual({ cache: 'HIT', priceCents });
  const sql = await runSql('update products set price_cents = price_cents + 1 where id = 7');
  expect(sql).toEqual({ code: 0, output: 'UPDATE 1\n' });
  await expect.poll(page).toEqual({ cache: 'HIT', priceCents: priceCents + 1 });
}, 60_000);

it('tells who runs SQL what is wrong with it', async () => {
  const { code, output } = await runSql('update no_such set x = 1');
  expect(code).toBe(1);
  expect(output).toContain('"no_such" does not exist');
  expect((await runSql('--help')).output).toContain('Usage: pnpm demo:sql');
});

it('tells them from one that finds no shop', async () => {
  const traffic = run('traffic/main.ts', ['http://127.0.0.1:1']);
  expect(await traffic.ended).toBe(1);
  expect(traffic.output()).toContain('Nothing answers at http://127.0.0.1:1');
  const stampede = run('stampede/main.ts', [url, 'http://127.0.0.1:1']);
  expect(await stampede.ended).toBe(1);
  expect(stampede.output()).toContain('Nothing answers at http://127.0.0.1:1');
});

it('finishes what is under way when it is told to end, and leaves with 0', async () => {
  const under = fetch(`${url}/api/categories/report`).then((answer) => answer.status);
  await expect.poll(async () => (await fetch(`${url}/healthz`)).status).toBe(200);
  shop.child.kill('SIGTERM');
  expect(await under).toBe(200);
  expect(await shop.ended, shop.output()).toBe(0);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  expect((await runSql('select 1')).output).toContain('No shop runs here');
}, 30_000);
