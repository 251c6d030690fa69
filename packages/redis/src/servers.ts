import type { Redis } from 'ioredis';
import { isCluster, type RedisClient } from './client.ts';

/** What is to be done with a server, and how it ends. */
type Watch = (server: Redis, name: string) => () => void;

/**
 * Watches every server behind a client, as a Cluster finds and loses them: the same one over and over while it cannot be
 * reached. Returns what stops all of it; connections are their owner's.
 */
export function eachServer(client: RedisClient, watch: Watch): () => void {
  if (!isCluster(client)) return watch(client, nameOf(client));
  const watched = new Map<Redis, () => void>();
  const found = (server: Redis) => {
    if (!watched.has(server)) watched.set(server, watch(server, nameOf(server)));
  };
  const lost = (server: Redis) => {
    watched.get(server)?.();
    watched.delete(server);
  };
  for (const server of client.nodes('all')) found(server);
  client.on('+node', found);
  client.on('-node', lost);
  return () => {
    client.off('+node', found);
    client.off('-node', lost);
    for (const server of watched.keys()) lost(server);
  };
}

/** Without what it is reached by: it goes into metrics. */
export const nameOf = ({ options: { sentinels, name, path, host, port } }: Redis): string =>
  sentinels ? (name ?? 'sentinel') : (path ?? `${host}:${port}`);
