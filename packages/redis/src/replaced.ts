import type { Cluster, Redis } from 'ioredis';
import { isCluster, type RedisClient } from './client.ts';
import { eachServer } from './servers.ts';

/**
 * Calls back when another server has taken the place of one, or the same one has begun anew: neither may know what was
 * acknowledged last, since replication and what is saved to disk lag behind acknowledgements. Returns what stops it.
 */
export function onReplaced(client: RedisClient, replaced: () => void): () => void {
  const histories = new Map<string, string>();
  const stop = eachServer(client, (server, name) => {
    const look = () => {
      const before = histories.get(name);
      const now = historyOf(server);
      histories.set(name, now);
      if (before !== undefined && now !== before) replaced();
    };
    server.on('ready', look);
    if (server.status === 'ready') look();
    return () => server.off('ready', look);
  });
  const stopToo = isCluster(client) ? onPromotion(client, replaced) : () => {};
  return () => {
    stop();
    stopToo();
  };
}

/** A server that cannot be told from another one might be another one. */
let unknown = 0;

/** Names the history of writes that a server has: a restart begins another, and so does a promotion. */
function historyOf({ serverInfo }: Redis & { serverInfo?: Record<string, string> }): string {
  unknown += 1;
  return serverInfo?.master_replid ?? `unknown ${unknown}`;
}

/** In a Cluster a replica has a primary's place without a new connection to it. Slots that move lose nothing. */
function onPromotion(cluster: Cluster, promoted: () => void): () => void {
  const primaries = () => new Set(cluster.slots.flatMap((nodes) => nodes?.[0] ?? []));
  let before = primaries();
  const look = () => {
    const now = primaries();
    const isNew = before.size > 0 && [...now].some((name) => !before.has(name));
    if (now.size > 0) before = now;
    if (isNew) promoted();
  };
  cluster.on('refresh', look);
  return () => cluster.off('refresh', look);
}
