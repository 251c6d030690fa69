import { invalidOptions, type SharedTier } from '@larder/core';
import { complaintsAbout, isCluster, isRedisClient, type RedisClient, readsReplicas } from './client.ts';
import { examine } from './doctor/examine.ts';
import { Follower } from './follower.ts';
import type { Changed } from './held.ts';
import { redisKeys } from './keys.ts';
import { ClientLink } from './link.ts';
import { RedisLock } from './lock.ts';
import { Logs } from './logs.ts';
import { Nodes } from './nodes.ts';
import { type RedisTierOptions, type TierSettings, tierSettings } from './options.ts';
import { connector, type RedisPlace } from './place.ts';
import { onReplaced } from './replaced.ts';
import { breakSilence } from './silence.ts';
import { EPOCH_TTL_MS, RedisStore } from './store.ts';
import { subscriptionOn } from './subscription.ts';
import { Sweeper } from './sweeper.ts';
import { tracked } from './tracked.ts';
import { Walk } from './walk.ts';
import { warnOnce } from './warn.ts';

export type { RedisClient } from './client.ts';
export type { CompressionOptions } from './compression.ts';
export type { Names } from './keys.ts';
export type { Pipelining } from './link.ts';
export type { RedisTierOptions } from './options.ts';
export type { ClusterPlace, RedisPlace, SentinelPlace, ServerPlace } from './place.ts';

const NAME = 'redis';

/**
 * The Redis tier, for `createLarder({ redis: redisTier(…) })`. From a place it makes a connection of its own and closes
 * it with the cache; a client that the app made is used as it is and left open, and what is wrong with its settings is
 * said in a process warning.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function redisTier(from: RedisPlace | RedisClient, options: RedisTierOptions = {}): SharedTier {
  const settings = tierSettings(options);
  const open = opener(from, settings);
  return {
    name: NAME,
    waiting: settings.waiting,
    open({ namespace, clock, observe, off, forgot }) {
      const { client, owned } = open();
      const about = { namespace, tier: NAME };
      const { deadlineMs, budgetMs } = settings.waiting;
      const nodes = new Nodes(client, { ...about, clock, observe, deadlineMs, breaker: settings.breaker });
      if (owned) hearErrors(client, (error) => nodes.failed(error));
      const stopLooking = owned ? breakSilence(client) : () => {};
      const stopListening = onReplaced(client, forgot);
      const link = new ClientLink(client, nodes, settings);
      const { keyPrefix, names } = settings;
      const keys = redisKeys({ prefix: keyPrefix, namespace, spread: isCluster(client), names });
      const release = async () => {
        stopListening();
        stopLooking();
        nodes.close();
        if (owned) client.disconnect();
      };
      const subscription = subscriptionOn(client);
      const logs = new Logs({ link, keys, ttlMs: EPOCH_TTL_MS, channel: subscription.channelOf(keys.news) });
      const walk = new Walk({ client, clock });
      const store = new RedisStore({
        link,
        keys,
        logs,
        sweeper: new Sweeper({ link, keys, logs, walk, clock }),
        clock,
        compression: settings.compression,
        maxEntryBytes: settings.maxEntryBytes,
        unreadable: (reason) => observe({ type: 'unreadable', ...about, reason }),
        off,
        release,
      });
      return {
        store,
        allSwitch: store,
        lock: new RedisLock(link, keys, clock, subscription),
        follow: ({ via, lagMs }, heard) => {
          const told: Changed = (state) => observe({ type: 'lease', ...about, state });
          const hints = (hinted: () => void) =>
            subscription.hear(keys.news, { heard: hinted, interrupted: hinted });
          const follow = (changed: Changed) =>
            new Follower({ logs, clock, lagMs, heard, off, changed, hints });
          return via === 'log'
            ? follow(told)
            : tracked({ client, keys, clock, lagMs, heard, changed: told, follow });
        },
        doctor: () =>
          examine(client, {
            keyPrefix,
            namespace,
            clientComplaints: owned ? [] : complaintsAbout(client),
            deadlineMs,
            budgetMs,
            now: clock.now,
          }),
      };
    },
  };
}

interface Opened {
  readonly client: RedisClient;
  /** Made here, and to be closed here. */
  readonly owned: boolean;
}

function opener(from: RedisPlace | RedisClient, { connectTimeoutMs }: TierSettings): () => Opened {
  if (!isRedisClient(from)) {
    const connect = connector(from, connectTimeoutMs);
    return () => ({ client: connect(), owned: true });
  }
  if (typeof from.duplicate !== 'function')
    throw invalidOptions('redisTier', from, 'give a client of ioredis, or where Redis is');
  if (readsReplicas(from))
    throw invalidOptions(
      'redisTier',
      'a client that reads from replicas',
      'give one that reads where it writes',
    );
  const complaints = complaintsAbout(from);
  if (complaints.length > 0) {
    const texts = complaints.map(({ option, given, fix }) => `${option} is ${given}; better ${fix}`);
    warnOnce(from, 'LARDER_CLIENT_OPTIONS', `The Redis client given to redisTier: ${texts.join('. ')}.`);
  }
  return () => ({ client: from, owned: false });
}

/** Without a listener ioredis prints every failed attempt; the cache tells of each failed call itself. */
function hearErrors(client: RedisClient, heard: (error: unknown) => void): void {
  client.on('error', heard);
  if (isCluster(client)) client.on('node error', heard);
}
