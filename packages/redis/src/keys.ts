import { createHash } from 'node:crypto';
import { type CacheKey, edgesOf, FRAME_VERSION, homeOf, NAMESPACE_TAG, type Tag } from '@larder/core';
import { escaped } from './glob.ts';

/** Raised when the meaning of what is under a key changes, so that two versions never read each other's. */
const VERSION = 1;

/** What lies together where keys are spread over nodes: entries by their home, epochs by the log that tells of them. */
const HOMES = 256;
const LOGS = 16;

/**
 * Names in Redis: `<prefix><namespace>:<version>:<kind>:…<digest>`. User text enters as a SHA-256 digest, so it can choose
 * neither another kind, nor a pattern, nor a cluster slot; or else, in the names of epochs alone, behind a `=` and with all
 * escaped that means something there. The version says which of them.
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
  /** For SCAN: the names of the epochs of all tags that a pattern matches, and some others; undefined where they are digests. */
  matching(pattern: Tag): string | undefined;
  /** The tag whose epoch has the name; undefined of other names, and of digests. */
  tagOf(name: string): Tag | undefined;
  /** What the names of entries and epochs begin with, and no others. */
  readonly tracked: readonly string[];
  /** The channel on which is told how fills ended. */
  readonly endings: string;
  /** The channel on which is told that a log has grown. */
  readonly news: string;
}

/** What the names of epochs are made of. */
export type Names = 'digest' | 'text';

export interface KeySettings {
  readonly prefix: string;
  readonly namespace: string;
  /** Over the nodes of a Cluster. */
  readonly spread: boolean;
  readonly names: Names;
}

export function redisKeys({ prefix, namespace, spread, names }: KeySettings): RedisKeys {
  const isText = names === 'text';
  const base = `${prefix}${namespace}:${VERSION}${isText ? 't' : ''}`;
  const home = spread ? (key: CacheKey) => hashTag('h', numberOf(homeOf(key)) % HOMES) : () => '';
  const shelf = spread ? (tag: Tag) => hashTag('l', numberOf(tag) % LOGS) : () => '';
  const logAt = (place: string) => (place === '' ? `${base}:i` : `${base}:i:${place}`);
  const homes = spread ? Array.from({ length: HOMES }, (_, i) => hashTag('h', i)) : [''];
  const shelves = spread ? Array.from({ length: LOGS }, (_, i) => hashTag('l', i)) : [''];
  const entries = `${base}:e:${FRAME_VERSION}:`;
  const epochs = `${base}:t:`;
  const named = (tag: Tag) => (isText && LEGIBLE.test(tag) ? `=${asText(tag)}` : digest(tag));
  const epochAt = (place: string, tag: Tag) => `${epochs}${place}${named(tag)}`;
  return {
    entry: (key) => `${entries}${home(key)}${digest(key)}`,
    lock: (key) => `${base}:l:${home(key)}${digest(key)}`,
    epoch: (tag, key) => epochAt(tag === NAMESPACE_TAG ? home(key) : shelf(tag), tag),
    epochs: (tag) =>
      tag === NAMESPACE_TAG ? homes.map((place) => epochAt(place, tag)) : [epochAt(shelf(tag), tag)],
    log: (tag) => logAt(shelf(tag)),
    logs: shelves.map(logAt),
    matching(pattern) {
      if (!isText) return undefined;
      const { head, tail, whole } = edgesOf(pattern);
      const anyPlace = spread ? '*' : '';
      return `${escaped(epochs)}${anyPlace}=${asText(head)}${whole ? '' : `*${asText(tail)}`}`;
    },
    tagOf(name) {
      const text = name.startsWith(epochs)
        ? /^(?:\{\w+\})?=(.*)$/.exec(name.slice(epochs.length))?.[1]
        : undefined;
      return text === undefined ? undefined : ofText(text);
    },
    tracked: [entries, epochs],
    endings: `${base}:f`,
    news: `${base}:n`,
  };
}

/** Names with the same one lie in one slot, and can be handled in one step. */
export const hashTagOf = (name: string): string => /\{.*?\}/.exec(name)?.[0] ?? '';

/** Tags that applications name: of values' keys, of URLs, and their own. */
const LEGIBLE = /^[kqut]:/;

/** Nothing is left in it that is special in a glob or to a Cluster. */
const asText = (tag: Tag): string =>
  encodeURI(tag.toWellFormed()).replaceAll(/[*?]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function ofText(text: string): Tag | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const hash = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
const digest = (text: string): string => hash(text).toString('base64url');
const numberOf = (text: string): number => hash(text).readUInt32BE();
const hashTag = (kind: 'h' | 'l', i: number): string => `{${kind}${i}}`;
