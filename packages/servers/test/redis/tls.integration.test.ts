import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SecureRedis, spawnSecureRedis } from '../../src/index.ts';
import { ask, emptyFolder, isListening } from '../support/helpers.ts';

vi.setConfig({ testTimeout: 180_000 });

let temporary: ReturnType<typeof emptyFolder>;

beforeEach(() => {
  temporary = emptyFolder();
  vi.stubEnv('TMPDIR', temporary.path);
});

afterEach(() => {
  vi.unstubAllEnvs();
  temporary.remove();
});

async function greet({ secure }: SecureRedis, host: string, ca?: string): Promise<string> {
  const socket = connect({ port: secure.port, host, ...(ca === undefined ? {} : { ca }) });
  await once(socket, 'secureConnect');
  socket.setEncoding('utf8').write('PING\r\n');
  const [reply] = await once(socket, 'data');
  socket.destroy();
  return reply;
}

describe('spawnSecureRedis', () => {
  it('answers over TLS under both names of loopback, to who trusts its authority, and without TLS', async () => {
    const redis = await spawnSecureRedis();
    expect(redis.secure.url).toBe(`rediss://127.0.0.1:${redis.secure.port}`);
    expect(await greet(redis, '127.0.0.1', redis.secure.ca)).toBe('+PONG\r\n');
    expect(await greet(redis, 'localhost', redis.secure.ca)).toBe('+PONG\r\n');
    expect(await ask(redis.url, 'PING')).toBe('+PONG\r\n');
    await redis.stop();
    expect(await isListening(redis.url)).toBe(false);
    expect(temporary.names()).toEqual([]);
  });

  it('is trusted by nobody else, nor in the name of another', async () => {
    const [redis, other] = await Promise.all([spawnSecureRedis(), spawnSecureRedis()]);
    const untrusted = { code: expect.stringMatching(/SELF_SIGNED|SIGNATURE/) };
    await expect(greet(redis, '127.0.0.1')).rejects.toMatchObject(untrusted);
    await expect(greet(redis, '127.0.0.1', other.secure.ca)).rejects.toMatchObject(untrusted);
    const misnamed = connect({
      port: redis.secure.port,
      host: '127.0.0.1',
      ca: redis.secure.ca,
      servername: 'cache.example',
    });
    await expect(once(misnamed, 'secureConnect')).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    await Promise.all([redis.stop(), other.stop()]);
  });
});
