import type { Redis } from 'ioredis';
import { isCluster, type RedisClient } from './client.ts';

/**
 * Calls back when another server has taken the place of one, which may not know what that acknowledged last:
 * replication lags behind acknowledgements. Returns what stops it.
 */
export function onReplaced(client: RedisClient, replaced: () => void): () => void {
  let before = isCluster(client) ? primariesOf(client.slots) : undefined;
  const event = isCluster(client) ? 'refresh' : 'ready';
  const look = () => {
    const now = isCluster(client) ? primariesOf(client.slots) : historyOf(client);
    if (before !== undefined && before !== '' && now !== before) replaced();
    before = now;
  };
  client.on(event, look);
  if (client.status === 'ready') look();
  return () => client.off(event, look);
}

/** A server that cannot be told from another one might be another one. */
let unknown = 0;

/** Names the history of writes that a server has: a restart begins another, and so does a promotion. */
function historyOf({ serverInfo }: Redis & { serverInfo?: Record<string, string> }): string {
  unknown += 1;
  return serverInfo?.master_replid ?? `unknown ${unknown}`;
}

/** Which primary has which slots; empty while that is not known. */
function primariesOf(slots: readonly (readonly string[] | undefined)[]): string {
  const runs: string[] = [];
  let last: string | undefined;
  for (const [slot, nodes] of slots.entries()) {
    if (nodes?.[0] === last) continue;
    last = nodes?.[0];
    runs.push(`${slot}=${last}`);
  }
  return runs.join();
}
