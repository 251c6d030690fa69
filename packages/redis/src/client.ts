import type { Cluster, Redis } from 'ioredis';

/** A client of ioredis 5 or 6, of one server or of a Cluster. */
export type RedisClient = Redis | Cluster;

export const isCluster = (client: RedisClient): client is Cluster => client.isCluster;

export function isRedisClient(given: unknown): given is RedisClient {
  return (
    typeof given === 'object' && given !== null && 'pipeline' in given && typeof given.pipeline === 'function'
  );
}

/** Whether what is asked now is sent now: one that is to connect when it is first asked is asked, or it never would. */
export const isOnline = ({ status }: RedisClient): boolean => status === 'ready' || status === 'wait';

/**
 * Whether it reads from replicas: they lag behind, and would give what has been invalidated already.
 */
export const readsReplicas = (client: RedisClient): boolean =>
  isCluster(client)
    ? (client.options.scaleReads ?? 'master') !== 'master'
    : client.options.role === 'slave' || client.options.readOnly === true;

/** What of a client's own settings is at odds with a cache, and how to mend it. */
export interface Complaint {
  readonly option: string;
  readonly given: unknown;
  readonly fix: string;
}

/** A client that the app made is used as it is; what is wrong with it is said. */
export function complaintsAbout(client: RedisClient): Complaint[] {
  const node = isCluster(client) ? { ...client.options.redisOptions } : client.options;
  const given = {
    maxRetriesPerRequest: node.maxRetriesPerRequest === undefined ? 20 : node.maxRetriesPerRequest,
    autoResendUnfulfilledCommands: node.autoResendUnfulfilledCommands ?? true,
  };
  const complaints: Complaint[] = [];
  const complain = (option: keyof typeof given, fix: string) =>
    complaints.push({ option, given: given[option], fix });
  if (given.maxRetriesPerRequest === null || given.maxRetriesPerRequest > 1)
    complain('maxRetriesPerRequest', '0: the cache has given up a call long before it is tried again');
  if (given.autoResendUnfulfilledCommands)
    complain(
      'autoResendUnfulfilledCommands',
      'false: what was given up would be sent again after a reconnect',
    );
  return complaints;
}
