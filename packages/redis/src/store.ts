import { randomBytes } from 'node:crypto';
import {
  type CacheKey,
  type Clock,
  type Delivery,
  decodeFrame,
  type Entry,
  encodeFrame,
  MAX_RETENTION_SECONDS,
  type Snapshot,
  type Store,
  type Tag,
} from '@larder/core';
import { batch, type Command } from './batch.ts';
import type { RedisClient } from './client.ts';
import type { RedisKeys } from './keys.ts';
import { append, isUntouched, type LogPosition, positionOf, readPosition, readSince } from './log.ts';

/** Outlives every entry, and begins again at every use: an epoch that is gone makes its entries misses. */
const EPOCH_TTL_MS = (MAX_RETENTION_SECONDS + 86_400) * 1000;

type Epochs = ReadonlyMap<string, string | null>;

/**
 * Entries in Redis, each stored with the epochs that its tags had before its data was read. To invalidate a
 * tag is to remove its epoch: the next fill makes a new one, and what was stored with the old one matches
 * neither. Nothing rests on a clock, a lock or a key being kept; an epoch lost for any reason is a miss.
 */
export class RedisStore implements Store {
  readonly #client: RedisClient;
  readonly #keys: RedisKeys;
  readonly #clock: Clock;
  readonly #release: () => Promise<void>;

  constructor(client: RedisClient, keys: RedisKeys, clock: Clock, release: () => Promise<void>) {
    this.#client = client;
    this.#keys = keys;
    this.#clock = clock;
    this.#release = release;
  }

  async get(key: CacheKey, tags: readonly Tag[]): Promise<Entry | undefined> {
    const name = this.#keys.entry(key);
    const [frame, ...epochs] = await batch(this.#client, [['getBuffer', name], ...this.#reads(tags)]);
    const framed = frame instanceof Buffer ? decodeFrame(frame) : undefined;
    if (framed === undefined || framed.entry.key !== key || this.#clock.now() >= framed.entry.retainUntil)
      return undefined;
    const current = new Map<string, string | null>(tags.map((tag, i) => [tag, textOf(epochs[i])]));
    const unknown = framed.entry.tags.filter((tag) => !current.has(tag));
    if (unknown.length > 0) {
      const more = await batch(this.#client, this.#reads(unknown));
      for (const [i, tag] of unknown.entries()) current.set(tag, textOf(more[i]));
    }
    // Absent is not equal to anything: a tag without an epoch has been invalidated, or might have been.
    return framed.entry.tags.every((tag, i) => current.get(tag) === framed.epochs[i])
      ? framed.entry
      : undefined;
  }

  async snapshot(tags: readonly Tag[]): Promise<Snapshot> {
    const names = tags.map(this.#keys.epoch);
    const [log, ...replies] = await batch(this.#client, [readPosition(this.#keys.log), ...opens(names)]);
    const epochs = new Map(opened(names, replies));
    const since = positionOf(log) ?? (await this.#beginLog());
    return {
      set: (entry) => this.#set(entry, epochs, since),
      stands: (tags) => this.#stands(tags, epochs, since),
    };
  }

  async invalidate(tags: readonly Tag[]): Promise<Delivery> {
    const { log } = this.#keys;
    const epochs = tags.map(this.#keys.epoch);
    // The log first: a fill that makes an epoch of ours anew after this must find the invalidation there.
    const logged = append(log, epochs, EPOCH_TTL_MS);
    const drop: Command = ['unlink', ...epochs];
    try {
      await batch(this.#client, [...logged, drop]);
    } catch {
      // A full Redis takes no entry, but still forgets: a log with a gap is as good to those who read it.
      await batch(this.#client, [['unlink', log, ...epochs]]);
    }
    return 'done';
  }

  async close(): Promise<void> {
    await this.#release();
  }

  async #set(entry: Entry, snapshot: Epochs, since: LogPosition): Promise<boolean> {
    const names = entry.tags.map(this.#keys.epoch);
    const late = names.filter((name) => !snapshot.has(name));
    const epochs = late.length === 0 ? snapshot : await this.#openLate(late, snapshot, since);
    const born = epochs === undefined ? [null] : names.map((name) => epochs.get(name) ?? null);
    const lifetimeMs = Math.ceil(entry.retainUntil - this.#clock.now());
    if (!born.every((epoch) => epoch !== null) || lifetimeMs <= 0) return false;
    const frame = encodeFrame({ entry, epochs: born });
    await batch(this.#client, [['set', this.#keys.entry(entry.key), frame, 'PX', lifetimeMs]]);
    return true;
  }

  async #stands(tags: readonly Tag[], snapshot: Epochs, since: LogPosition): Promise<boolean> {
    const names = tags.map(this.#keys.epoch);
    const known = names.filter((name) => snapshot.has(name));
    const late = names.filter((name) => !snapshot.has(name));
    if (late.length > 0 && since === undefined) return false;
    const log: Command[] = late.length === 0 ? [] : [readSince(this.#keys.log, since!)];
    const reads = known.map((name): Command => ['get', name]);
    const replies = await batch(this.#client, [...reads, ...log]);
    const unchanged = known.every((name, i) => textOf(replies[i]) === snapshot.get(name));
    return unchanged && (late.length === 0 || isUntouched(replies.at(-1), since!, late));
  }

  /** Epochs of tags that became known while the data was read; undefined if one might be invalid since. */
  async #openLate(
    late: readonly string[],
    snapshot: Epochs,
    since: LogPosition,
  ): Promise<Epochs | undefined> {
    if (since === undefined) return undefined;
    // The epochs first, for the same reason: whoever invalidates after this drops what is made here.
    const replies = await batch(this.#client, [...opens(late), readSince(this.#keys.log, since)]);
    if (!isUntouched(replies.pop(), since, late)) return undefined;
    return new Map([...snapshot, ...opened(late, replies)]);
  }

  async #beginLog(): Promise<LogPosition> {
    const { log } = this.#keys;
    const replies = await batch(this.#client, [...append(log, [], EPOCH_TTL_MS), readPosition(log)]);
    return positionOf(replies.at(-1));
  }

  #reads(tags: readonly Tag[]): Command[] {
    return tags.map((tag) => ['get', this.#keys.epoch(tag)]);
  }
}

/** SET NX answers what was there only since Redis 7; reading it after the write is one round trip all the same. */
const opens = (names: readonly string[]): Command[] =>
  names.flatMap((name): Command[] => [
    ['set', name, randomBytes(16).toString('base64url'), 'PX', EPOCH_TTL_MS, 'NX'],
    ['getex', name, 'PX', EPOCH_TTL_MS],
  ]);

const opened = (names: readonly string[], results: readonly unknown[]): [string, string | null][] =>
  names.map((name, i) => [name, textOf(results[2 * i + 1])]);

const textOf = (result: unknown): string | null => (typeof result === 'string' ? result : null);
