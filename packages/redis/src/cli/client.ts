import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { connectLike } from '../doctor/connection.ts';

/**
 * A client of the server, or of the Cluster that it is a node of. It connects when it is used.
 * @throws an error whose message says why Redis cannot be asked
 */
export async function clientFor(url: string, ca: Buffer | undefined): Promise<Redis | Cluster> {
  const client = new Redis(url, { lazyConnect: true, ...(ca === undefined ? {} : { tls: { ca } }) });
  return (await isNodeOfCluster(client)) ? clusterAround(client.options) : client;
}

async function isNodeOfCluster(client: Redis): Promise<boolean> {
  const connection = await connectLike(client);
  // Who may not see INFO is told so by every check that rests on it.
  const info = await connection.info('cluster').catch(() => '');
  connection.disconnect();
  return info.includes('cluster_enabled:1');
}

function clusterAround({ host, port, username, password, tls }: RedisOptions): Cluster {
  const cluster = new Cluster([{ host, port }], {
    lazyConnect: true,
    clusterRetryStrategy: () => null,
    // Certificates are made out to names, which ioredis would replace by addresses.
    ...(tls ? { dnsLookup: (name, done) => done(null, name) } : {}),
    redisOptions: { username, password, tls },
  });
  // Without a listener ioredis prints every failed attempt; the report tells of each node.
  cluster.on('error', () => {});
  return cluster;
}
