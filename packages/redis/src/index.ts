import { invalidOptions, type SharedTier } from '@larder/core';
import { type ConnectionOptions, connect, deadlineMs, isRedisClient, type RedisClient } from './client.ts';
import { redisKeys } from './keys.ts';
import { RedisLock } from './lock.ts';
import { RedisStore } from './store.ts';

export type { ConnectionOptions, RedisClient } from './client.ts';

export interface RedisTierOptions extends ConnectionOptions {
  /** Put in front of every key. Default `larder:`. */
  readonly keyPrefix?: string;
}

/**
 * The Redis tier, for `createLarder({ redis: redisTier(…) })`. From a URL it makes a connection of its own,
 * with deadlines, and closes it with the cache; a client that the app made is used as it is and left open.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function redisTier(from: string | URL | RedisClient, options: RedisTierOptions = {}): SharedTier {
  const { keyPrefix = 'larder:' } = options;
  if (typeof keyPrefix !== 'string' || /[{}\s]/.test(keyPrefix)) {
    throw invalidOptions('keyPrefix', keyPrefix, 'give text without spaces and braces');
  }
  const open = connection(from, options);
  return {
    name: 'redis',
    open({ namespace, clock }) {
      const { client, release, ...limits } = open();
      const keys = redisKeys(keyPrefix, namespace);
      return {
        store: new RedisStore(client, keys, clock, release),
        lock: new RedisLock(client, keys, clock),
        ...limits,
      };
    },
  };
}

function connection(from: string | URL | RedisClient, options: ConnectionOptions) {
  if (isRedisClient(from)) {
    if (from.isCluster) throw invalidOptions('redisTier', from, 'give a client of one Redis, not a Cluster');
    return () => ({ client: from, release: async () => {} });
  }
  if (typeof from !== 'string' && !(from instanceof URL)) {
    throw invalidOptions('redisTier', from, 'give a redis:// URL or an ioredis client');
  }
  const url = String(from);
  return () => {
    const client = connect(url, options);
    // Without a listener ioredis prints every failed attempt; the cache reports each failed call itself.
    client.on('error', () => {});
    return { client, deadlineMs: deadlineMs(options), release: async () => client.disconnect() };
  };
}
