import { type Clock, type Heard, invalidOptions, type Lease, recordTag } from '@larder/core';
import { isCluster, type RedisClient } from './client.ts';
import { type Changed, heldTogether } from './held.ts';
import type { RedisKeys } from './keys.ts';
import { TRACKING_RIGHTS } from './rights.ts';
import { Tracker } from './tracker.ts';
import { warnOnce } from './warn.ts';

type Closable = Lease & { close(): void };

export interface TrackedParts {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly lagMs: number;
  readonly heard: (news: Heard) => void;
  readonly changed: Changed;
  /** Follows the log, and tells whether it does. */
  readonly follow: (changed: Changed) => Closable;
}

/**
 * A lease on what is followed in the log and besides is heard of from Redis itself: it holds while both do.
 * @throws LarderError `LARDER_INVALID_OPTIONS` in a Cluster
 */
export function tracked({ client, keys, clock, lagMs, heard, changed, follow }: TrackedParts): Closable {
  if (isCluster(client))
    throw invalidOptions(
      'coherence.via',
      'tracking',
      "give 'log': in a Cluster each node tells only of what is changed there",
    );
  const nameOf = (key: string) => `${client.options.keyPrefix ?? ''}${key}`;
  const [logChanged, namesChanged] = heldTogether(changed);
  const log = follow(logChanged);
  const tracker = new Tracker({
    client,
    prefixes: keys.tracked.map(nameOf),
    clock,
    lagMs,
    heard: (names) => heard({ tags: names.map(recordTag) }),
    refused: ({ message }) =>
      warnOnce(
        client,
        'LARDER_TRACKING_REFUSED',
        `Redis refuses client tracking (${message}): what is in memory is confirmed again and again. Allow it to the user (${TRACKING_RIGHTS}), or follow the log alone: coherence: { via: 'log' }.`,
      ),
    changed: namesChanged,
  });
  return {
    lagMs,
    get session() {
      // Both begin when they are asked.
      const parts = [log.session, tracker.session];
      return parts.includes(undefined) ? undefined : parts.join(' ');
    },
    get untilMs() {
      return Math.min(log.untilMs, tracker.untilMs);
    },
    marksOf: (key, tags) =>
      [keys.entry(key), ...tags.map((tag) => keys.epoch(tag, key))].map((name) => recordTag(nameOf(name))),
    close() {
      log.close();
      tracker.close();
    },
  };
}
