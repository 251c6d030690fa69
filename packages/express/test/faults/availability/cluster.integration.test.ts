import { type ClusterNode, type LocalCluster, overhear, slotOf, spawnCluster } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { amount } from '../support/intensity.ts';
import { clientOf } from '../support/rig.ts';
import { freshPath, poll, type Shop, times } from '../support/shop.ts';
import { open, settle, stores } from './kit.ts';
import { load } from './load.ts';
import { listen } from './news.ts';

const PATHS = times(40, (i) => `/thing-${i}`);
const anyOf = (paths: readonly string[]) => paths[Math.floor(Math.random() * paths.length)]!;
const nameOf = ({ port }: ClusterNode) => `127.0.0.1:${port}`;

async function shopOn(cluster: LocalCluster) {
  onTestFinished(() => cluster.stop());
  const made = await open({ cluster: cluster.seeds }, { memory: false });
  await settle(made, cluster.nodes.length);
  await stored(made.one, PATHS);
  return made;
}

/** Resolves once all are hits. */
async function stored(shop: Shop, paths: readonly string[]): Promise<void> {
  await poll(async () => {
    const replies = await Promise.all(paths.map((path) => shop.ask(path)));
    return replies.filter(({ x }) => x === 'HIT').length;
  }).toBe(paths.length);
}

/** Which nodes are asked for it when the path is a hit. */
async function restingOn(nodes: readonly ClusterNode[], shop: Shop): Promise<Map<string, ClusterNode[]>> {
  const watched = await Promise.all(nodes.map(watch));
  for (const path of PATHS) {
    await shop.ask(path);
    for (const { client } of watched) await client.echo(path);
  }
  const asked = new Map<string, ClusterNode[]>(PATHS.map((path) => [path, []]));
  for (const { node, heard, stop } of watched) {
    await poll(() => heard.filter(([name]) => name === 'echo').length).toBe(PATHS.length);
    stop();
    let reads = 0;
    for (const [name, path] of heard) {
      if (name === 'get') reads += 1;
      if (name !== 'echo') continue;
      if (reads > 0) asked.get(path!)!.push(node);
      reads = 0;
    }
  }
  return asked;
}

/** Hears what the node is told, a command each. */
async function watch(node: ClusterNode) {
  const [client, { commands, stop }] = await Promise.all([clientOf(node), overhear(node.url)]);
  return { node, client, heard: commands, stop };
}

describe('F13: a node of a Cluster that is gone, and has no replica', () => {
  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'F13: takes with it what rests on it, and nothing else: %s',
    async (signal) => {
      const cluster = await spawnCluster({ replicas: 0 });
      const { one } = await shopOn(cluster);
      const nodesOf = await restingOn(cluster.nodes, one);
      // Not the one that everything rests on here: the tag that all these paths have.
      const spared = (node: ClusterNode) => PATHS.filter((path) => !nodesOf.get(path)!.includes(node));
      const gone = cluster.nodes.toSorted((a, b) => spared(b).length - spared(a).length)[0]!;
      const living = spared(gone);
      const lost = PATHS.filter((path) => !living.includes(path));
      expect(Math.min(living.length, lost.length)).toBeGreaterThan(0);
      const news = await listen(one);
      await gone.kill(signal);
      const crowd = load(amount(4, 40), () => [one, anyOf(PATHS)]);
      for (let round = 0; round < amount(3, 100); round += 1) {
        const hits = await Promise.all(living.map((path) => one.ask(path)));
        expect(hits.map(({ x }) => x)).toEqual(living.map(() => 'HIT'));
        await crowd.more(PATHS.length);
      }
      const seen = await crowd.stop();
      expect([Object.keys(seen).sort(), seen.HIT! > 0]).toEqual([['HIT', 'MISS'], true]);
      await poll(async () => (await news()).breakers).toContain('open');
      expect((await news()).nodes).toEqual([nameOf(gone)]);
      if (signal === 'SIGSTOP') await gone.kill('SIGCONT');
    },
  );
});

describe('F13: a primary of a Cluster that is killed, and has a replica', () => {
  it('F13: is missed until that has taken its place', async () => {
    const cluster = await spawnCluster();
    const { one } = await shopOn(cluster);
    const first = await cluster.primaryOf(0);
    const crowd = load(amount(4, 40), () => [one, anyOf(PATHS)]);
    await first.kill('SIGKILL');
    await poll(async () => (await cluster.primaryOf(0).catch(() => first)) !== first).toBe(true);
    await stored(one, PATHS);
    await stores(one);
    expect(Object.keys(await crowd.stop()).sort()).toEqual(['HIT', 'MISS']);
  });
});

describe('F13: a slot of a Cluster that moves from one node to another', () => {
  it.each([
    ['an entry', ':e:'],
    ['the tag of all entries', ':i:'],
  ])('F13: with %s in it: nobody notices but by a miss', async (_, kind) => {
    const cluster = await spawnCluster({ replicas: 0 });
    const { one, namespace } = await shopOn(cluster);
    const news = await listen(one);
    const crowd = load(amount(4, 40), () => [one, anyOf(PATHS)]);
    for (let move = 0; move < amount(1, 20); move += 1) {
      const name = await keyOf(cluster, `larder:${namespace}:1${kind}*`);
      const from = await cluster.primaryOf(name);
      const to = cluster.nodes.find((node) => node !== from)!;
      await cluster.moveSlot(slotOf(name), from, to, {
        pause: async () => {
          await crowd.more(2 * PATHS.length);
          await one.ask(freshPath());
          await one.call('invalidate', 'thing');
          await crowd.more(2 * PATHS.length);
        },
      });
      expect(await cluster.primaryOf(name)).toBe(to);
    }
    await poll(async () => (await news()).pending).toBe(0);
    await stored(one, PATHS);
    expect(Object.keys(await crowd.stop()).sort()).toEqual(['HIT', 'MISS']);
    const { breakers, connections } = await news();
    expect([breakers, connections]).toEqual([[], []]);
  });
});

async function keyOf({ nodes }: LocalCluster, pattern: string): Promise<string> {
  for (const node of nodes) {
    const [name] = await (await clientOf(node)).keys(pattern);
    if (name !== undefined) return name;
  }
  throw new Error(`no key ${pattern}`);
}
