import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LocalCluster, slotOf, spawnCluster } from '../../src/index.ts';
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

/** A cluster without replicas is enough for what is not about them. */
async function threePrimaries(): Promise<LocalCluster> {
  return spawnCluster({ replicas: 0 });
}

describe('spawnCluster', () => {
  it('gives nodes that agree on who has what, and leaves nothing behind', async () => {
    const { nodes, seeds, primaryOf, stop } = await spawnCluster();
    expect(nodes.map(({ role }) => role)).toEqual([...Array(3).fill('primary'), ...Array(3).fill('replica')]);
    expect(seeds).toEqual(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    for (const { url } of nodes) expect(await ask(url, 'CLUSTER INFO')).toContain('cluster_slots_ok:16384');
    expect(await Promise.all([0, 8191, 16383].map(primaryOf))).toEqual(nodes.slice(0, 3));
    await stop();
    for (const { url } of nodes) expect(await isListening(url)).toBe(false);
    expect(temporary.names()).toEqual([]);
  });

  it('counts slots as Redis does', async () => {
    const { nodes, stop } = await threePrimaries();
    for (const key of ['', 'greeting', '{tag}one', 'a{tag}', '{}a', '{}{a}', 'a{{b}}', 'ключ', '}{']) {
      const length = Buffer.byteLength(key);
      const asked = `*3\r\n$7\r\nCLUSTER\r\n$7\r\nKEYSLOT\r\n$${length}\r\n${key}`;
      expect([key, await ask(nodes[0]!.url, asked)]).toEqual([key, `:${slotOf(key)}\r\n`]);
    }
    await stop();
  });

  it('has another primary after one was killed', async () => {
    const { nodes, primaryOf, stop } = await spawnCluster();
    const first = await primaryOf('greeting');
    await ask(first.url, 'SET greeting hello');
    await ask(first.url, 'WAIT 1 0');
    await first.kill('SIGKILL');
    await until(async () => (await primaryOf('greeting').catch(() => first)) !== first);
    const second = await primaryOf('greeting');
    expect(second.role).toBe('replica');
    expect(await ask(second.url, 'GET greeting')).toBe('$5\r\nhello\r\n');
    expect(nodes).toContain(second);
    await stop();
  });

  it('moves a slot step by step', async () => {
    const { nodes, primaryOf, moveSlot, stop } = await threePrimaries();
    const [one, , two] = [await primaryOf('{a}1'), '', nodes.find((node) => node.port !== nodes[0]!.port)!];
    const to = one === two ? nodes[0]! : two;
    await ask(one.url, 'SET {a}1 hello');
    await ask(one.url, 'SET {a}2 hello');
    const seen: (string | undefined)[][] = [];
    await moveSlot(slotOf('{a}'), one, to, {
      pause: async (at) => {
        const replies = await Promise.all(
          ['GET {a}1', 'GET {a}absent', 'MGET {a}1 {a}2'].map((command) => ask(one.url, command)),
        );
        seen.push([at, ...replies.map((reply) => reply?.replace(/ \d.*|\r\n.*/s, ''))]);
      },
    });
    expect(seen[0]).toEqual(['marked', '$5', '-ASK', '*2']);
    expect([seen[1]![0], seen[1]![3]]).toEqual([
      'halfway',
      '-TRYAGAIN Multiple keys request during rehashing of slot',
    ]);
    expect(seen[2]).toEqual(['emptied', '-ASK', '-ASK', '-ASK']);
    expect(await ask(one.url, 'GET {a}1')).toMatch(
      new RegExp(`^-MOVED ${slotOf('{a}')} 127.0.0.1:${to.port}`),
    );
    expect(await ask(to.url, 'GET {a}1')).toBe('$5\r\nhello\r\n');
    expect(await primaryOf('{a}')).toBe(to);
    await stop();
  });
});
