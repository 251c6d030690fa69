import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoServerError, ServerFailedError, spawnRedis, startRedis } from '../src/index.ts';
import { ask, emptyFolder, isListening, startHolder, until } from './support/helpers.ts';

// The first run on a machine fetches packages.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let temporary: ReturnType<typeof emptyFolder>;

beforeEach(() => {
  temporary = emptyFolder();
  vi.stubEnv('TMPDIR', temporary.path);
  vi.stubEnv('REDIS_URL', '');
  vi.stubEnv('LARDER_SERVERS', 'local');
});

afterEach(() => {
  vi.unstubAllEnvs();
  temporary.remove();
});

describe('startRedis', () => {
  it('finds REDIS_URL and leaves that server alone', async () => {
    vi.stubEnv('REDIS_URL', 'redis://cache.example:6379');
    const redis = await startRedis();
    expect(redis).toMatchObject({ url: 'redis://cache.example:6379', how: 'REDIS_URL' });
    await redis.stop();
  });

  it('starts a Redis that answers, and leaves nothing behind', async () => {
    const redis = await startRedis();
    expect(redis.how).toMatch(/^redis-server .*\d+\.\d+/);
    expect(await ask(redis.url, 'PING')).toBe('+PONG\r\n');
    await redis.stop();
    await redis.stop();
    expect(await isListening(redis.url)).toBe(false);
    expect(temporary.names()).toEqual([]);
  });

  it('starts two at once on ports of their own', async () => {
    const [one, other] = await Promise.all([startRedis(), startRedis()]);
    expect(one.url).not.toBe(other.url);
    await ask(one.url, 'SET greeting hello');
    expect(await ask(other.url, 'GET greeting')).toBe('$-1\r\n');
    await Promise.all([one.stop(), other.stop()]);
  });

  it('passes arguments on', async () => {
    const redis = await startRedis({ args: ['--maxmemory', '7mb'] });
    expect(await ask(redis.url, 'CONFIG GET maxmemory')).toContain('7340032');
    await redis.stop();
  });

  it('counts a Redis that wants a password as started', async () => {
    const redis = await startRedis({ args: ['--requirepass', 'secret'] });
    expect(await ask(redis.url, 'PING')).toContain('NOAUTH');
    await redis.stop();
  });

  it('shows what a Redis that will not start has to say', async () => {
    const refusal = await startRedis({ args: ['--no-such-option', '1'] }).catch((error) => error);
    expect(refusal).toBeInstanceOf(ServerFailedError);
    expect(refusal.message).toMatch(/no-such-option/);
    expect(temporary.names()).toEqual([]);
  });

  it('says everything it tried when there is none', async () => {
    vi.stubEnv('PATH', temporary.path);
    vi.stubEnv('LARDER_CACHE_DIR', join(temporary.path, 'cache'));
    const refusal = await startRedis().catch((error) => error);
    expect(refusal).toBeInstanceOf(NoServerError);
    expect(refusal.code).toBe('LARDER_NO_REDIS');
    expect(refusal.tried.map((line: string) => line.split(':')[0])).toEqual([
      'REDIS_URL',
      'Docker',
      'redis-server on PATH',
      'redis-server from Debian packages',
    ]);
  });
});

describe('spawnRedis', () => {
  it('takes no notice of REDIS_URL', async () => {
    vi.stubEnv('REDIS_URL', 'redis://cache.example:6379');
    const redis = await spawnRedis();
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    expect(await ask(redis.url, 'INFO server')).toContain(`process_id:${redis.pid}`);
    await redis.stop();
  });

  it('comes back on the same port after a SIGKILL', async () => {
    const before = await spawnRedis();
    await before.kill('SIGKILL');
    expect(await isListening(before.url)).toBe(false);
    const after = await spawnRedis({ port: before.port });
    expect(after.url).toBe(before.url);
    expect(after.pid).not.toBe(before.pid);
    expect(await ask(after.url, 'PING')).toBe('+PONG\r\n');
    await Promise.all([before.stop(), after.stop()]);
    expect(temporary.names()).toEqual([]);
  });

  it('stalls, goes on, and can be stopped while stalled', async () => {
    const redis = await spawnRedis();
    await redis.kill('SIGSTOP');
    const late = ask(redis.url, 'PING');
    await redis.kill('SIGCONT');
    expect(await late).toBe('+PONG\r\n');
    await redis.kill('SIGSTOP');
    await redis.stop();
    expect(await isListening(redis.url)).toBe(false);
  });

  it('rejects a port that is taken', async () => {
    const redis = await spawnRedis();
    const refusal = await spawnRedis({ port: redis.port }).catch((error) => error);
    expect(refusal).toBeInstanceOf(ServerFailedError);
    expect(refusal.message).toMatch(/Address already in use/i);
    await redis.stop();
  });

  it('keeps the data of a folder it was given', async () => {
    const options = { dir: temporary.path, args: ['--appendonly', 'yes'] };
    const before = await spawnRedis(options);
    await ask(before.url, 'SET greeting hello');
    await before.stop();
    const after = await spawnRedis(options);
    expect(await ask(after.url, 'GET greeting')).toBe('$5\r\nhello\r\n');
    await after.stop();
  });
});

describe('a process that has a Redis', () => {
  it('leaves none when it is killed', async () => {
    const holder = await startHolder('redis', { TMPDIR: temporary.path });
    expect(await isListening(holder.url)).toBe(true);
    holder.process.kill('SIGKILL');
    await until(async () => !(await isListening(holder.url)));
    await until(() => temporary.names().length === 0);
  });

  it('leaves none when it calls process.exit', async () => {
    const holder = await startHolder('redis', { TMPDIR: temporary.path });
    await holder.end('exit');
    await until(async () => !(await isListening(holder.url)));
    await until(() => temporary.names().length === 0);
  });

  it('still has it when Ctrl-C reaches the whole process group', async () => {
    const holder = await startHolder('redis', { TMPDIR: temporary.path });
    await holder.interrupt();
    // Redis answers this after the milliseconds named: time enough to have minded the signal.
    expect(await ask(holder.url, 'WAIT 1 300')).toBe(':0\r\n');
    await holder.end('stop');
    expect(await isListening(holder.url)).toBe(false);
    expect(temporary.names()).toEqual([]);
  });
});

describe.runIf(await hasDebianPackages())('redis-server from Debian packages', () => {
  beforeEach(() => vi.stubEnv('LARDER_SERVERS', 'bundled'));

  it('is unpacked by two processes at once, and found by a third', async () => {
    const cache = join(temporary.path, 'cache');
    vi.stubEnv('LARDER_CACHE_DIR', cache);
    const holders = await Promise.all([1, 2].map(() => startHolder('redis', { TMPDIR: temporary.path })));
    for (const holder of holders) {
      expect(await ask(holder.url, 'PING')).toBe('+PONG\r\n');
      holder.process.kill('SIGKILL');
    }
    expect(readdirSync(cache)).toHaveLength(1);

    const progress: string[] = [];
    const redis = await startRedis({ onProgress: (line) => progress.push(line) });
    expect(progress).toEqual([]);
    await redis.stop();
    await until(() => temporary.names().length === 0);
  });
});

async function hasDebianPackages(): Promise<boolean> {
  vi.stubEnv('LARDER_SERVERS', 'bundled');
  const redis = await spawnRedis().catch(() => undefined);
  await redis?.stop();
  vi.unstubAllEnvs();
  return redis !== undefined;
}
