import { invalidOptions } from '@larder/core';
import { Redis, type RedisOptions } from 'ioredis';

export interface ConnectionOptions {
  /** Milliseconds until a command counts as failed, of 250 at most. Default 50. */
  readonly commandTimeoutMs?: number;
  /** Milliseconds until an attempt to connect counts as failed. Default 2000. */
  readonly connectTimeoutMs?: number;
}

const MAX_RETRY_DELAY_MS = 2000;

/**
 * A connection for the cache alone. A command never waits for a connection and is never sent twice: what
 * cannot be answered now is a miss, and a late store is refused by its tags anyway.
 * @throws LarderError `LARDER_INVALID_OPTIONS` for a URL that is not one of Redis.
 */
export function connect(url: string, options: ConnectionOptions): Redis {
  if (!/^(?:rediss?|unix):\/\//.test(url)) {
    throw invalidOptions('redisTier', url, 'give a redis://, rediss:// or unix:// URL, or an ioredis client');
  }
  return new Redis(url, connectionOptions(options));
}

/** ioredis' own `commandTimeout` fires before a reply is read that is there already, in a process that was busy. */
export const deadlineMs = ({ commandTimeoutMs = 50 }: ConnectionOptions): number =>
  positive('commandTimeoutMs', commandTimeoutMs);

function connectionOptions({ connectTimeoutMs = 2000 }: ConnectionOptions): RedisOptions {
  return {
    connectTimeout: positive('connectTimeoutMs', connectTimeoutMs),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectDelayMs,
  };
}

/** Longer each time, and never the same in two processes that lost the same Redis. */
export const reconnectDelayMs = (attempt: number): number =>
  Math.min(MAX_RETRY_DELAY_MS, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);

/** A client of ioredis 5 or 6. A Cluster is refused: what is read together lies on several of its nodes. */
export type RedisClient = Redis;

export function isRedisClient(given: unknown): given is RedisClient {
  return (
    typeof given === 'object' && given !== null && 'pipeline' in given && typeof given.pipeline === 'function'
  );
}

function positive(option: string, given: number): number {
  if (!Number.isSafeInteger(given) || given < 1)
    throw invalidOptions(option, given, 'give whole milliseconds, 1 or more');
  return given;
}
