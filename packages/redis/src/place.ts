import type { ConnectionOptions } from 'node:tls';
import { invalidOptions, knownOptions } from '@larder/core';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { RedisClient } from './client.ts';
import { addresses, checkedUrl, checkMembers, noPlace, tlsOptions } from './place-checks.ts';
import { isReadOnly } from './replies.ts';

interface Credentials {
  /** Of an ACL user; absent: the default user. */
  readonly username?: string;
  readonly password?: string;
  /** `true`, or what Node's `tls.connect` takes: `{ ca }` for a certificate authority of one's own. */
  readonly tls?: true | ConnectionOptions;
}

interface Database {
  /** Default 0. */
  readonly db?: number;
}

interface Address {
  readonly host: string;
  /** Default 6379; of a Sentinel 26379. */
  readonly port?: number;
}

/** One server. */
export interface ServerPlace extends Credentials, Database {
  readonly host?: string;
  readonly port?: number;
  /** Of a Unix socket, in place of host and port. */
  readonly path?: string;
}

/** The primary that Sentinels name, whichever server that is. */
export interface SentinelPlace extends Credentials, Database {
  readonly sentinels: readonly Address[];
  /** What the Sentinels call the primary. */
  readonly name: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  /** For the connections to the Sentinels. */
  readonly sentinelTls?: true | ConnectionOptions;
}

/** The nodes of a Cluster, found from some of them. */
export interface ClusterPlace extends Credentials {
  readonly cluster: readonly Address[];
  /** Addresses that nodes call each other by, and what they are reached at from here: `{ '10.0.0.1:6379': { host, port } }`. */
  readonly natMap?: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
}

/** Where Redis is. A URL is `redis://`, `rediss://` (TLS) or `unix://`, with user, password and database in it. */
export type RedisPlace = string | URL | ServerPlace | SentinelPlace | ClusterPlace;

const CREDENTIALS = ['username', 'password', 'tls'];
const MAX_RETRY_DELAY_MS = 2000;
const SLOTS_REFRESH_MS = 5000;

/**
 * Checks a place, and gives what connects to it.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function connector(place: unknown, connectTimeoutMs: number): () => RedisClient {
  const own = ownOptions(connectTimeoutMs);
  if (typeof place === 'string' || place instanceof URL) {
    const url = checkedUrl(place);
    return () => new Redis(url, own);
  }
  if (typeof place !== 'object' || place === null) throw noPlace(place);
  if ('cluster' in place) return clusterConnector(place as ClusterPlace, own);
  if ('sentinels' in place) return sentinelConnector(place as SentinelPlace, own);
  return serverConnector(place as ServerPlace, own);
}

function serverConnector(place: ServerPlace, own: RedisOptions): () => RedisClient {
  knownOptions('redisTier', place, ['host', 'port', 'path', 'db', ...CREDENTIALS]);
  checkMembers(place);
  if (place.path !== undefined && (place.host ?? place.port) !== undefined)
    throw invalidOptions('redisTier.path', place.path, 'give it, or host and port');
  const { tls, ...rest } = place;
  return () => new Redis({ ...own, ...rest, ...(tls !== undefined && { tls: tlsOptions(tls) }) });
}

function sentinelConnector(place: SentinelPlace, own: RedisOptions): () => RedisClient {
  const sentinelNames = ['sentinels', 'name', 'sentinelUsername', 'sentinelPassword', 'sentinelTls'];
  knownOptions('redisTier', place, [...sentinelNames, 'db', ...CREDENTIALS]);
  checkMembers(place);
  const { tls, sentinelTls, sentinels, name, ...rest } = place;
  if (typeof name !== 'string' || name === '')
    throw invalidOptions('redisTier.name', name, 'give the name by which the Sentinels know the primary');
  const options: RedisOptions = {
    ...own,
    ...rest,
    name,
    sentinels: addresses('sentinels', sentinels, 26_379),
    ...(tls !== undefined && { tls: tlsOptions(tls) }),
    ...(sentinelTls !== undefined && {
      enableTLSForSentinelMode: true,
      sentinelTLS: tlsOptions(sentinelTls),
    }),
    sentinelRetryStrategy: reconnectDelayMs,
    sentinelReconnectStrategy: reconnectDelayMs,
  };
  return () => new Redis(options);
}

function clusterConnector(place: ClusterPlace, own: RedisOptions): () => RedisClient {
  knownOptions('redisTier', place, ['cluster', 'natMap', ...CREDENTIALS]);
  checkMembers(place);
  const { tls, natMap, cluster, ...credentials } = place;
  const seeds = addresses('cluster', cluster, 6379);
  const { retryStrategy: _, enableOfflineQueue: __, ...node } = own;
  const options: ClusterOptions = {
    clusterRetryStrategy: reconnectDelayMs,
    // A failover is followed within this, whoever asks.
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    slotsRefreshTimeout: own.connectTimeout!,
    maxRedirections: 4,
    retryDelayOnFailover: 0,
    redisOptions: { ...node, ...credentials, ...(tls !== undefined && { tls: tlsOptions(tls) }) },
    ...(natMap !== undefined && { natMap: { ...natMap } }),
  };
  return () => new Cluster(seeds, options);
}

/**
 * Of a connection for the cache alone. A command never waits for a connection and is never sent twice: what cannot be
 * answered now is a miss, and a late store is refused by its tags anyway. There is no `commandTimeout`: that of ioredis
 * fires before a reply is read that is there already, in a process that was busy.
 */
const ownOptions = (connectTimeout: number): RedisOptions => ({
  connectTimeout,
  connectionName: 'larder',
  disableClientInfo: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: reconnectDelayMs,
  reconnectOnError: isReadOnly,
});

/** Longer each time, at most 2 s, and never the same in two processes that lost the same Redis. */
export const reconnectDelayMs = (attempt: number): number =>
  Math.min(MAX_RETRY_DELAY_MS, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);
