import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { spawnRedis, startRedis } from '../../src/index.ts';
import { emptyFolder } from '../support/helpers.ts';

let temporary: ReturnType<typeof emptyFolder>;

beforeEach(() => {
  temporary = emptyFolder();
  // Nothing is to be found but what a test puts there.
  vi.stubEnv('PATH', temporary.path);
  vi.stubEnv('LARDER_CACHE_DIR', join(temporary.path, 'cache'));
  vi.stubEnv('LARDER_SERVERS', 'local');
  vi.stubEnv('LARDER_REDIS', '');
  vi.stubEnv('REDIS_URL', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  temporary.remove();
});

/** On PATH, and says only what version it is: it runs no further. */
function install(program: string, version: string): void {
  const file = join(temporary.path, program);
  writeFileSync(file, `#!/bin/sh\necho "Redis server v=${version} sha=0"; test "$1" = --version\n`);
  chmodSync(file, 0o755);
}

const outcome = (starting: Promise<unknown>) => starting.then(String, (error: Error) => error.message);

describe('LARDER_REDIS', () => {
  it('is refused where nobody knows the name, with the names that there are', async () => {
    for (const name of ['5', 'constructor', '7']) {
      vi.stubEnv('LARDER_REDIS', name);
      for (const start of [startRedis, spawnRedis]) {
        const refusal = await outcome(start());
        expect(refusal).toContain(`LARDER_REDIS is "${name}"`);
        expect(refusal).toMatch(/'oldest', '6.0', '6.2', .*'valkey-8'.*LARDER_BAD_CHOICE/);
      }
    }
  });

  it.each([
    ['', '7.0.15'],
    ['oldest', '6.2.14'],
    ['oldest', '6.0.16'],
    ['6.2', '6.2.0'],
    ['8.0', '8.0'],
  ])('%j takes a redis-server on PATH that is %s', async (name, version) => {
    vi.stubEnv('LARDER_REDIS', name);
    install('redis-server', version);
    expect(await outcome(spawnRedis())).toContain(`redis-server on PATH (${version}) ended`);
  });

  it.each([
    ['oldest', '7.0.15'],
    ['6.2', '6.20.1'],
    ['6.2', '6.0.16'],
    ['8.0', '8.1.0'],
  ])('%j passes over one that is %s, and says so', async (name, version) => {
    vi.stubEnv('LARDER_REDIS', name);
    install('redis-server', version);
    const refusal = await outcome(spawnRedis());
    expect(refusal).toContain(`${join(temporary.path, 'redis-server')} is ${version} (LARDER_REDIS)`);
    expect(refusal).toContain('LARDER_NO_REDIS');
  });

  it('valkey-8 is another program', async () => {
    vi.stubEnv('LARDER_REDIS', 'valkey-8');
    install('redis-server', '8.0.2');
    expect(await outcome(spawnRedis())).toContain('valkey-server on PATH: there is none');
    install('valkey-server', '8.1.1');
    expect(await outcome(spawnRedis())).toContain('valkey-server on PATH (8.1.1) ended');
  });

  it('6.2 is in no suite of Debian, which is said', async () => {
    vi.stubEnv('LARDER_REDIS', '6.2');
    expect(await outcome(startRedis())).toContain('no suite of Debian has redis-server 6.2');
  });

  it('says nothing about a Redis that REDIS_URL names, and neither about one that is asked for by name', async () => {
    vi.stubEnv('REDIS_URL', 'redis://cache.example:6379');
    vi.stubEnv('LARDER_REDIS', '8.0');
    expect(await startRedis()).toMatchObject({ how: 'REDIS_URL' });
    install('redis-server', '6.0.16');
    expect(await outcome(startRedis({ variant: 'oldest' }))).toContain('redis-server on PATH (6.0.16) ended');
  });
});
