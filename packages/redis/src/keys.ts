import { createHash } from 'node:crypto';
import { type CacheKey, FRAME_VERSION, homeOf, NAMESPACE_TAG, type Tag } from '@larder/core';

/** Raised when the meaning of what is under a key changes, so that two versions never read each other's. */
const VERSION = 1;

/** What lies together where keys are spread over nodes: entries by their home, epochs by the log that tells of them. */
const HOMES = 256;
const LOGS = 16;

/**
 * Names in Redis: `<prefix><namespace>:<version>:<kind>:…<digest>`. User text only ever enters as a SHA-256
 * digest, so it can choose neither another kind, nor a pattern, nor a cluster slot.
 *
 * In a Cluster names carry a hash tag of ours. A variant lies with its URI, and with an epoch of the namespace of its
 * own home, so that a node that is gone takes no other node's entries with it. A tag's epoch lies with the log that
 * its invalidations are written to, so that both are changed in one step.
 */
export interface RedisKeys {
  entry(key: CacheKey): string;
  /** The token of who fills the entry just now. */
  lock(key: CacheKey): string;
  /** The epoch of a tag for entries at home with `key`: present and unchanged for as long as the tag is not invalidated. */
  epoch(tag: Tag, key: CacheKey): string;
  /** Every epoch of a tag. */
  epochs(tag: Tag): readonly string[];
  /** Where the tag's invalidations are written to, in their order. */
  log(tag: Tag): string;
  readonly logs: readonly string[];
  /** What the names of entries and epochs begin with, and no others. */
  readonly tracked: readonly string[];
  /** The channel on which is told how fills ended. */
  readonly endings: string;
  /** The channel on which is told that a log has grown. */
  readonly news: string;
}

export function redisKeys(prefix: string, namespace: string, spread: boolean): RedisKeys {
  const base = `${prefix}${namespace}:${VERSION}`;
  const home = spread ? (key: CacheKey) => hashTag('h', numberOf(homeOf(key)) % HOMES) : () => '';
  const shelf = spread ? (tag: Tag) => hashTag('l', numberOf(tag) % LOGS) : () => '';
  const logAt = (place: string) => (place === '' ? `${base}:i` : `${base}:i:${place}`);
  const homes = spread ? Array.from({ length: HOMES }, (_, i) => hashTag('h', i)) : [''];
  const shelves = spread ? Array.from({ length: LOGS }, (_, i) => hashTag('l', i)) : [''];
  const entries = `${base}:e:${FRAME_VERSION}:`;
  const epochs = `${base}:t:`;
  const epochAt = (place: string, tag: Tag) => `${epochs}${place}${digest(tag)}`;
  return {
    entry: (key) => `${entries}${home(key)}${digest(key)}`,
    lock: (key) => `${base}:l:${home(key)}${digest(key)}`,
    epoch: (tag, key) => epochAt(tag === NAMESPACE_TAG ? home(key) : shelf(tag), tag),
    epochs: (tag) =>
      tag === NAMESPACE_TAG ? homes.map((place) => epochAt(place, tag)) : [epochAt(shelf(tag), tag)],
    log: (tag) => logAt(shelf(tag)),
    logs: shelves.map(logAt),
    tracked: [entries, epochs],
    endings: `${base}:f`,
    news: `${base}:n`,
  };
}

/** Names with the same one lie in one slot, and can be handled in one step. */
export const hashTagOf = (name: string): string => /\{.*?\}/.exec(name)?.[0] ?? '';

const hash = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
const digest = (text: string): string => hash(text).toString('base64url');
const numberOf = (text: string): number => hash(text).readUInt32BE();
const hashTag = (kind: 'h' | 'l', i: number): string => `{${kind}${i}}`;
