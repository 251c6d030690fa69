import { createHash } from 'node:crypto';
import type { CacheKey, Tag } from '@larder/core';

/** Raised when the meaning of what is under a key changes, so that two versions never read each other's. */
const VERSION = 1;

/**
 * Names in Redis: `<prefix><namespace>:<version>:<kind>:<digest>`. User text only ever enters as a SHA-256
 * digest, so it can choose neither another kind, nor a pattern, nor a cluster slot.
 */
export interface RedisKeys {
  entry(key: CacheKey): string;
  /** The epoch of a tag: present and unchanged for as long as the tag is not invalidated. */
  epoch(tag: Tag): string;
  /** The token of who fills the entry just now. */
  lock(key: CacheKey): string;
  /** The namespace's invalidations in their order. */
  readonly log: string;
  /** The channel on which is told how fills ended. */
  readonly endings: string;
}

export function redisKeys(prefix: string, namespace: string): RedisKeys {
  const base = `${prefix}${namespace}:${VERSION}`;
  return {
    entry: (key) => `${base}:e:${digest(key)}`,
    epoch: (tag) => `${base}:t:${digest(tag)}`,
    lock: (key) => `${base}:l:${digest(key)}`,
    log: `${base}:i`,
    endings: `${base}:f`,
  };
}

const digest = (text: string): string => createHash('sha256').update(text, 'utf8').digest('base64url');
