import { eventually } from '../process/eventually.ts';
import { ask, askAll, type Command } from '../resp/ask.ts';
import type { LocalRedis, Progress } from '../server.ts';
import { ownLine } from './cluster-line.ts';
import { localRedis } from './find.ts';
import { atOnce, everyOne, together } from './group.ts';
import { moveSlot } from './move-slot.ts';
import { isInStep } from './probe.ts';
import { SLOTS, slotOf } from './slots.ts';
import { runRedis } from './spawn.ts';

export interface ClusterOptions {
  /** Default 3, the fewest that can elect another for one of them. */
  readonly primaries?: number | undefined;
  /** Of each primary. Default 1. */
  readonly replicas?: number | undefined;
  readonly args?: readonly string[] | undefined;
  readonly onProgress?: Progress | undefined;
}

export interface ClusterNode extends LocalRedis {
  readonly id: string;
  /** What it was at first. */
  readonly role: 'primary' | 'replica';
}

export interface LocalCluster {
  /** The primaries first. */
  readonly nodes: readonly ClusterNode[];
  readonly seeds: readonly { readonly host: string; readonly port: number }[];
  /** Who says of itself that it has the slot, or the key's slot; rejects while nobody does. */
  primaryOf(slotOrKey: number | string): Promise<ClusterNode>;
  moveSlot: typeof moveSlot;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Nodes talk to each other on a port that is higher by 10,000. */
const HIGHEST_PORT = 55_000;

/** Primaries that share the slots evenly, and their replicas: a primary that is killed is replaced within seconds. */
export async function spawnCluster(options: ClusterOptions = {}): Promise<LocalCluster> {
  const { primaries = 3, replicas = 1, args = [] } = options;
  const program = await localRedis(options.onProgress);
  const clustered = [
    ...[
      '--cluster-enabled',
      'yes',
      '--cluster-node-timeout',
      '2000',
      '--cluster-require-full-coverage',
      'no',
    ],
    // Clients are not told of a replica that has not heard anything yet.
    ...['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1', ...args],
  ];
  return together(async (enlist) => {
    const servers = await atOnce(primaries * (1 + replicas), () =>
      enlist(runRedis(program, { args: clustered, highestPort: HIGHEST_PORT })),
    );
    const nodes = await atOnce(servers.length, (i) => named(servers[i]!, i < primaries));
    await join(nodes, primaries);
    return {
      nodes,
      seeds: nodes.map(({ port }) => ({ host: HOST, port })),
      primaryOf: (asked) => primaryOf(nodes, typeof asked === 'number' ? asked : slotOf(asked)),
      moveSlot,
    };
  });
}

async function named(server: LocalRedis, first: boolean): Promise<ClusterNode> {
  const id = (await ask(server.port, 'CLUSTER', 'MYID')) as string;
  return { ...server, id, role: first ? 'primary' : 'replica' };
}

async function join(nodes: readonly ClusterNode[], count: number): Promise<void> {
  const [primaries, replicas] = [nodes.slice(0, count), nodes.slice(count)];
  await atOnce(nodes.length, (i) =>
    // An epoch of its own for each, or they would have to settle afterwards whose word counts.
    askAll(nodes[i]!.port, [['CLUSTER', 'SET-CONFIG-EPOCH', i + 1], ...slotsOf(i, count)]),
  );
  // Each meets each: hearing of the others from the first alone takes them seconds.
  const meet = ({ port }: ClusterNode): Command => ['CLUSTER', 'MEET', HOST, port];
  await atOnce(nodes.length - 1, (i) => askAll(nodes[i]!.port, nodes.slice(i + 1).map(meet)));
  await eventually('the nodes know each other', () => everyOne(nodes, knows(nodes)));
  await atOnce(replicas.length, (i) =>
    ask(replicas[i]!.port, 'CLUSTER', 'REPLICATE', primaries[i % count]!.id),
  );
  await eventually('the replicas are in step', () => everyOne(replicas, isInStep));
  const each = 1 + replicas.length / count;
  await eventually('every node is up and knows whose the slots are', () =>
    everyOne(nodes, seesAll(count, each)),
  );
}

function slotsOf(node: number, primaries: number): Command[] {
  if (node >= primaries) return [];
  const first = Math.ceil((node * SLOTS) / primaries);
  const end = Math.ceil(((node + 1) * SLOTS) / primaries);
  return [['CLUSTER', 'ADDSLOTS', ...Array.from({ length: end - first }, (_, i) => first + i)]];
}

const clusterInfo = async (port: number): Promise<string> => String(await ask(port, 'CLUSTER', 'INFO'));

/** By name: who has only been met has none yet. */
const knows = (others: readonly ClusterNode[]) => async (node: ClusterNode) => {
  const known = String(await ask(node.port, 'CLUSTER', 'NODES'));
  return others.every(({ id }) => known.includes(id));
};

/** As a client is told that asks this node. */
const seesAll = (primaries: number, each: number) => async (node: ClusterNode) => {
  const ranges = (await ask(node.port, 'CLUSTER', 'SLOTS')) as readonly (readonly unknown[])[];
  const up = (await clusterInfo(node.port)).startsWith('cluster_state:ok');
  // First and last slot, and then the nodes that have them.
  return up && ranges.length === primaries && ranges.every((range) => range.length === 2 + each);
};

/** A node that was replaced while it could not hear of it still takes itself for the primary: the later election counts. */
async function primaryOf(nodes: readonly ClusterNode[], slot: number): Promise<ClusterNode> {
  const lines = await Promise.allSettled(
    nodes.map(async (node) => ({ node, line: await ownLine(node.port) })),
  );
  const [latest] = lines
    .filter((outcome) => outcome.status === 'fulfilled')
    .map(({ value }) => value)
    .filter(({ line }) => line.isPrimary && line.has(slot))
    .sort((a, b) => b.line.epoch - a.line.epoch);
  if (latest === undefined) throw new Error(`no node has slot ${slot}`);
  return latest.node;
}
