import { once } from 'node:events';
import type { Cluster, Redis } from 'ioredis';
import { isCluster } from '../client.ts';

const READY_MS = 4000;

/** A node that holds keys: where it is, and a client to make a connection like. */
export interface Master {
  /** What it is called, if it is one of several. */
  readonly node?: string;
  readonly at?: { readonly host: string; readonly port: number };
  readonly client: Redis;
}

/** All that have slots, those too that the client has lost: of them it knows no more than the name. */
export async function mastersOf(client: Redis | Cluster): Promise<Master[]> {
  if (!isCluster(client)) return [{ client }];
  await untilReady(client);
  const [some] = client.nodes('master');
  if (some === undefined) return [];
  const names = new Set(client.slots.flatMap(([master]) => (master === undefined ? [] : [master])));
  return [...names].sort().map((node) => ({ node, at: addressOf(node), client: some }));
}

function addressOf(node: string) {
  const colon = node.lastIndexOf(':');
  return { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) };
}

/** What is not ready in time is asked for the nodes it knows, if any. */
async function untilReady(cluster: Cluster): Promise<void> {
  if (cluster.status === 'ready') return;
  const ready = once(cluster, 'ready', { signal: AbortSignal.timeout(READY_MS) });
  if (cluster.status === 'wait') cluster.connect().catch(() => {});
  await ready.catch(() => {});
}
