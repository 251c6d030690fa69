import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { spawnSentinel } from '../../src/index.ts';
import { ask, emptyFolder, isListening, until } from '../support/helpers.ts';

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

describe('spawnSentinel', () => {
  it('gives sentinels that know everybody, and leaves nothing behind', async () => {
    const { name, sentinels, nodes, primary, stop } = await spawnSentinel();
    expect([sentinels.length, nodes.length]).toEqual([3, 3]);
    for (const { url, host, port } of sentinels) {
      expect(url).toBe(`redis://${host}:${port}`);
      expect(await ask(url, `SENTINEL CKQUORUM ${name}`)).toMatch(/^\+OK 3 usable Sentinels/);
    }
    expect(await primary()).toBe(nodes[0]);
    expect(await ask(nodes[0]!.url, 'INFO replication')).toContain('connected_slaves:2');
    await stop();
    for (const { url } of [...sentinels, ...nodes]) expect(await isListening(url)).toBe(false);
    expect(temporary.names()).toEqual([]);
  });

  it('has another primary after the first was killed, with what that one had', async () => {
    const { nodes, primary, stop } = await spawnSentinel({ replicas: 1 });
    await ask(nodes[0]!.url, 'SET greeting hello');
    await ask(nodes[0]!.url, 'WAIT 1 0');
    await nodes[0]!.kill('SIGKILL');
    await until(async () => (await primary().catch(() => undefined)) === nodes[1]);
    await until(async () => (await ask(nodes[1]!.url, 'ROLE'))!.includes('master'));
    expect(await ask(nodes[1]!.url, 'GET greeting')).toBe('$5\r\nhello\r\n');
    await stop();
    expect(temporary.names()).toEqual([]);
  });

  it('stops what has started where something does not start', async () => {
    // A primary may be part of a cluster; a replica may not be told then whose it is.
    const starting = spawnSentinel({ args: ['--cluster-enabled', 'yes'] });
    await expect(starting).rejects.toThrow(/replicaof directive not allowed/);
    expect(temporary.names()).toEqual([]);
  });
});
