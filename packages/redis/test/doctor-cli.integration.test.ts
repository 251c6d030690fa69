import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '@larder/core';
import { spawnCluster, spawnSecureRedis } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { entries, queue, server, WELL_SET } from './doctor-servers.ts';
import { told } from './doctor-terminal.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/** The command as a process of its own. */
const larder = (args: string[], env: NodeJS.ProcessEnv) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const source = ['--conditions=@larder/source', '--import', 'tsx', MAIN, ...args];
    execFile(process.execPath, source, { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });

/** A machine that is busy just now has latencies to be warned of. */
const ends = (args: string[]) => expect.poll(() => told(['doctor', ...args]), { timeout: 20_000 });

describe('larder doctor', () => {
  it('ends with 0 where nothing is to be mended, with 1 at a warning, with 2 at worse', async () => {
    const { admin, url } = await server(...WELL_SET);
    await ends([url]).toMatchObject({ code: 0, err: '' });
    await queue(admin, 1);
    await ends([url]).toMatchObject({ code: 1, out: expect.stringContaining('1 warning') });
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await told(['doctor', url])).toMatchObject({
      code: 2,
      out: expect.stringContaining('1 critical'),
    });
  });

  it('says which Redis and which keys, and not with which password', async () => {
    const { admin, url } = await server(...WELL_SET);
    await admin.config('SET', 'requirepass', 's3cret');
    await entries(admin, 3);
    const withPassword = url.replace('redis://', 'redis://default:s3cret@');
    const { out, err } = await told(['doctor', '--namespace', 'shop'], { REDIS_URL: withPassword });
    expect(out).toMatch(/^Redis at 127\.0\.0\.1:\d+, keys larder:shop:\*\n/);
    expect(out).toContain('About 3 entries');
    expect(out + err).not.toContain('s3cret');
  });

  it('takes all namespaces where none is given, and another prefix', async () => {
    const { admin, url } = await server(...WELL_SET);
    await entries(admin, 3);
    await admin.set('larder:blog:1:e:1:0', 'v', 'EX', 60);
    await admin.set('app:blog:1:e:1:0', 'v', 'EX', 60);
    expect((await told(['doctor', url])).out).toContain('About 4 entries');
    expect((await told(['doctor', url, '--prefix', 'app:'])).out).toContain('About 1 entry ');
  });

  it('prints the report as JSON', async () => {
    const { admin, url } = await server(...WELL_SET);
    await entries(admin, 3);
    const { findings, sizing } = JSON.parse((await told(['doctor', url, '--json'])).out);
    expect(findings[0]).toEqual({ check: 'role', severity: 'ok', says: 'It is a master.' });
    expect(sizing).toMatchObject({ sampledEntries: 3, entries: 3 });
  });

  it('ends with 3 and one sentence where Redis cannot be asked', async () => {
    const { admin, url } = await server();
    await admin.config('SET', 'requirepass', 's3cret');
    const wrong = url.replace('redis://', 'redis://:wr0ng@');
    expect(await told(['doctor', wrong])).toEqual({
      code: 3,
      out: '',
      err: expect.stringMatching(
        `^larder: Redis at ${url.slice(8)} could not be asked: WRONGPASS invalid username-password pair.*\n$`,
      ),
    });
    expect(await told(['doctor', 'redis://127.0.0.1:1'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('trusts the authority that it is told to', async () => {
    const { secure, stop } = await spawnSecureRedis({ args: WELL_SET });
    onTestFinished(stop);
    const folder = await mkdtemp(join(tmpdir(), 'larder-ca-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, secure.ca);
    await ends([secure.url, '--ca', ca]).toMatchObject({
      code: 0,
      out: expect.stringContaining('The connection is encrypted.'),
    });
    expect(await told(['doctor', secure.url])).toMatchObject({
      code: 3,
      err: expect.stringContaining('certificate'),
    });
  });

  it('examines the Cluster around the node that it is given', async () => {
    const { nodes, stop } = await spawnCluster({ primaries: 3, replicas: 0, args: WELL_SET });
    onTestFinished(stop);
    const { stdout } = await larder(['doctor', nodes[0]!.url], {});
    for (const { port } of nodes) expect(stdout).toContain(`\n127.0.0.1:${port}\n`);
  });

  it('is a process that ends by itself', async () => {
    const { url } = await server(...WELL_SET);
    const { code, stdout, stderr } = await larder(['doctor', '--json'], { REDIS_URL: url });
    expect(stderr).toBe('');
    const { findings } = JSON.parse(stdout);
    const found = new Set(findings.map(({ severity }: Finding) => severity));
    expect(code).toBe(found.has('critical') ? 2 : found.has('warning') ? 1 : 0);
  });
});
