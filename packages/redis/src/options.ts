import { type BreakerSettings, invalidOptions, knownOptions, positive } from '@larder/core';
import { type Compression, type CompressionOptions, compressionOf } from './compression.ts';
import type { Names } from './keys.ts';
import type { Pipelining } from './link.ts';

export interface RedisTierOptions {
  /** Put in front of every key. Default `larder:`. */
  readonly keyPrefix?: string;
  /** Milliseconds that one call is waited for. Default 50. */
  readonly commandTimeoutMs?: number;
  /** Milliseconds that one request waits for Redis, all its calls together. Default 60. */
  readonly budgetMs?: number;
  /** Milliseconds until an attempt to connect counts as failed; of connections of the tier's own. Default 2000. */
  readonly connectTimeoutMs?: number;
  /** When a server that fails is left alone: after 5 failures in a row, for 5000 ms, unless told otherwise. */
  readonly breaker?: Partial<BreakerSettings>;
  /** Bytes of entries on their way to Redis at a time; further ones are not stored. Default 16 MiB. */
  readonly maxPendingBytes?: number;
  /** Bytes of the largest entry that goes to Redis, as it goes there. Default 4 MiB. */
  readonly maxEntryBytes?: number;
  /** What shares a round trip. Default `tick`. */
  readonly pipelining?: Pipelining;
  /** Makes large bodies smaller on their way to Redis. Default: none. */
  readonly compression?: CompressionOptions;
  /**
   * What the names of tags are in Redis, values' keys and URLs among them: `digest` (default), of which nothing can be
   * read, or `text`, by which they are found by a pattern and by people. The same in all processes: each has a cache of
   * its own, as with another `keyPrefix`.
   */
  readonly names?: Names;
}

export interface TierSettings {
  readonly keyPrefix: string;
  readonly waiting: { readonly deadlineMs: number; readonly budgetMs: number };
  readonly connectTimeoutMs: number;
  readonly breaker: BreakerSettings;
  readonly maxPendingBytes: number;
  readonly maxEntryBytes: number;
  readonly pipelining: Pipelining;
  readonly compression: Compression;
  readonly names: Names;
}

const KNOWN = [
  'keyPrefix',
  'commandTimeoutMs',
  'budgetMs',
  'connectTimeoutMs',
  'breaker',
  'maxPendingBytes',
  'maxEntryBytes',
  'pipelining',
  'compression',
  'names',
] as const satisfies (keyof RedisTierOptions)[];

const NAMES: readonly unknown[] = ['digest', 'text'] satisfies Names[];
const PIPELININGS: readonly unknown[] = ['call', 'tick', 'loop'] satisfies Pipelining[];

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function tierSettings(given: RedisTierOptions): TierSettings {
  knownOptions('redisTier', given, KNOWN);
  const { keyPrefix = 'larder:', pipelining = 'tick', breaker = {}, compression, names = 'digest' } = given;
  if (typeof keyPrefix !== 'string' || /[{}\s]/.test(keyPrefix))
    throw invalidOptions('keyPrefix', keyPrefix, 'give text without spaces and braces');
  if (!PIPELININGS.includes(pipelining))
    throw invalidOptions('pipelining', pipelining, `give one of ${PIPELININGS.join(', ')}`);
  if (!NAMES.includes(names)) throw invalidOptions('names', names, `give one of ${NAMES.join(', ')}`);
  knownOptions('breaker', breaker, ['failures', 'openMs']);
  const deadlineMs = positive('commandTimeoutMs', given.commandTimeoutMs ?? 50);
  return {
    keyPrefix,
    pipelining,
    names,
    compression: compressionOf(compression),
    waiting: { deadlineMs, budgetMs: positive('budgetMs', given.budgetMs ?? Math.max(60, deadlineMs)) },
    connectTimeoutMs: positive('connectTimeoutMs', given.connectTimeoutMs ?? 2000),
    maxPendingBytes: positive('maxPendingBytes', given.maxPendingBytes ?? 16 * 1024 * 1024),
    maxEntryBytes: positive('maxEntryBytes', given.maxEntryBytes ?? 4 * 1024 * 1024),
    breaker: {
      failures: positive('breaker.failures', breaker.failures ?? 5),
      openMs: positive('breaker.openMs', breaker.openMs ?? 5000),
    },
  };
}
