import {
  type CacheKey,
  type Clock,
  type Delivery,
  decodeFrame,
  type Entry,
  encodeFrame,
  MAX_RETENTION_SECONDS,
  NAMESPACE_TAG,
  type Reading,
  type Snapshot,
  type Store,
  type Sweep,
  softened,
  storeSkipped,
  type Tag,
  type UnreadableReason,
} from '@larder/core';
import type { Compression } from './compression.ts';
import { newEpoch, OFF, type Standing, standing } from './epoch.ts';
import { grouped } from './grouped.ts';
import { hashTagOf, type RedisKeys } from './keys.ts';
import type { Command, Link } from './link.ts';
import type { Logs, Positions } from './logs.ts';
import { run, scripts } from './scripts.ts';
import type { Sweeper } from './sweeper.ts';

/** What is left at least of an epoch's life when it is used: it outlives every entry, for one that is gone makes misses. */
const EPOCH_LEAST_MS = (MAX_RETENTION_SECONDS + 86_400) * 1000;
/** So that it is seldom made longer. */
export const EPOCH_TTL_MS = 2 * EPOCH_LEAST_MS;

export interface RedisStoreParts {
  readonly link: Link;
  readonly keys: RedisKeys;
  readonly logs: Logs;
  readonly sweeper: Sweeper;
  readonly clock: Clock;
  readonly compression: Compression;
  /** Of a whole entry: larger ones take too long on their way to be hit. */
  readonly maxEntryBytes: number;
  /** Told of what is under the name of an entry and is none. */
  readonly unreadable: (reason: UnreadableReason) => void;
  /** Told whenever the cache is found to be turned off. */
  readonly off: () => void;
  readonly release: () => Promise<void>;
}

/**
 * Entries in Redis, each stored with the epochs that its tags had before its data was read. To invalidate a
 * tag is to remove its epoch: the next fill makes a new one, and what was stored with the old one matches
 * neither. Nothing rests on a clock, a lock or a key being kept; an epoch lost for any reason is a miss.
 */
export class RedisStore implements Store {
  readonly #parts: RedisStoreParts;
  readonly #logs: Logs;

  constructor(parts: RedisStoreParts) {
    this.#parts = parts;
    this.#logs = parts.logs;
  }

  async get(key: CacheKey, tags: readonly Tag[], { known }: Reading = {}): Promise<Entry | undefined> {
    return (known && (await this.#confirm(known))) ?? (await this.#read(key, tags));
  }

  /** A copy, if what it was made of is still there: its body need not travel again. */
  async #confirm(known: Entry): Promise<Entry | undefined> {
    const { keys, link } = this.#parts;
    if (known.epochs === undefined) return undefined;
    const [seal, ...born] = known.epochs;
    const [now, ...epochs] = await link.send([
      ['getrangeBuffer', keys.entry(known.key), 0, SEAL_BYTES - 1],
      ...this.#reads(known.tags, known.key),
    ]);
    if (epochs.includes(OFF)) this.#parts.off();
    const same = now instanceof Buffer && sealOf(now) === seal;
    return same ? asItStands(known, standing(born, epochs.map(textOf))) : undefined;
  }

  async #read(key: CacheKey, tags: readonly Tag[]): Promise<Entry | undefined> {
    const { keys, link, clock } = this.#parts;
    const [frame, ...epochs] = await link.send([['getBuffer', keys.entry(key)], ...this.#reads(tags, key)]);
    if (epochs.includes(OFF)) this.#parts.off();
    const framed = frame instanceof Buffer ? this.#decode(frame, key) : undefined;
    if (framed === undefined || clock.now() >= framed.entry.retainUntil) return undefined;
    const current = new Map<string, string | null>(tags.map((tag, i) => [tag, textOf(epochs[i])]));
    const unknown = framed.entry.tags.filter((tag) => !current.has(tag));
    const more = await link.send(this.#reads(unknown, key));
    for (const [i, tag] of unknown.entries()) current.set(tag, textOf(more[i]));
    const now = framed.entry.tags.map((tag) => current.get(tag) ?? null);
    const stands = standing(framed.epochs, now);
    if (stands.kind === 'invalid') return undefined;
    const unpacked = await this.#parts.compression.unpack(framed);
    if (typeof unpacked === 'string') return this.#refuse(unpacked);
    return asItStands({ ...unpacked.entry, epochs: [sealOf(frame as Buffer), ...framed.epochs] }, stands);
  }

  #reads(tags: readonly Tag[], key: CacheKey): Command[] {
    return tags.map((tag) => ['get', this.#parts.keys.epoch(tag, key)]);
  }

  async snapshot(tags: readonly Tag[], key: CacheKey = ''): Promise<Snapshot> {
    const [epochs, since] = await Promise.all([this.#open(tags, key), this.#logs.positions()]);
    const taken = { epochs, since };
    return {
      set: (entry) => this.#set(entry, taken),
      stands: (tags) => this.#stands(tags, key, taken),
    };
  }

  async invalidate(
    tags: readonly Tag[],
    acknowledged: (tags: readonly Tag[]) => void = () => {},
  ): Promise<Delivery> {
    await this.#logs.invalidate({ tags }, acknowledged);
    return 'done';
  }

  async soften(tags: readonly Tag[], at: number): Promise<Delivery> {
    await this.#logs.invalidate({ tags, softAt: at });
    return 'done';
  }

  async sweep(pattern: Tag, how: Sweep = {}): Promise<Delivery> {
    await this.#parts.sweeper.sweep(pattern, how);
    return 'done';
  }

  /** Turns the cache off for all who share it, or on again with nothing in it. */
  async turn(on: boolean): Promise<void> {
    const { keys, link } = this.#parts;
    const command = (name: string): Command =>
      on ? ['unlink', name] : ['set', name, OFF, 'PX', EPOCH_TTL_MS];
    await link.send(keys.epochs(NAMESPACE_TAG).map(command));
  }

  async isOn(): Promise<boolean> {
    const { keys, link } = this.#parts;
    const [epoch] = await link.send([['get', keys.epoch(NAMESPACE_TAG, '')]]);
    return epoch !== OFF;
  }

  async close(): Promise<void> {
    await this.#parts.release();
  }

  async #set(entry: Entry, taken: Taken): Promise<boolean> {
    const { keys, link, clock, compression, maxEntryBytes } = this.#parts;
    const late = entry.tags.filter((tag) => !taken.epochs.has(keys.epoch(tag, entry.key)));
    const epochs = late.length === 0 ? taken.epochs : await this.#openLate(late, entry.key, taken);
    if (epochs === undefined) return false;
    const born = entry.tags.map((tag) => epochs.get(keys.epoch(tag, entry.key)) ?? null);
    if (!born.every(isBornWith)) return false;
    const frame = encodeFrame(await compression.pack({ entry, epochs: born }));
    if (frame.length > maxEntryBytes) throw storeSkipped('large');
    const lifetimeMs = Math.ceil(entry.retainUntil - clock.now());
    if (lifetimeMs <= 0) return false;
    await link.send([['set', keys.entry(entry.key), frame, 'PX', lifetimeMs]], frame.length);
    return true;
  }

  async #stands(tags: readonly Tag[], key: CacheKey, taken: Taken): Promise<boolean> {
    const { keys, link } = this.#parts;
    const names = tags.map((tag) => keys.epoch(tag, key));
    const known = names.filter((name) => taken.epochs.has(name));
    const late = tags.filter((_, i) => !taken.epochs.has(names[i]!));
    const [replies, untouched] = await Promise.all([
      link.send(known.map((name): Command => ['get', name])),
      this.#logs.untouched(late, taken.since),
    ]);
    return untouched && known.every((name, i) => textOf(replies[i]) === taken.epochs.get(name));
  }

  /** Epochs of tags that became known while the data was read; undefined if one might be invalid since. */
  async #openLate(late: readonly Tag[], key: CacheKey, taken: Taken): Promise<Epochs | undefined> {
    // The epochs first: whoever invalidates after this drops what is made here.
    const opened = await this.#open(late, key);
    return (await this.#logs.untouched(late, taken.since))
      ? new Map([...taken.epochs, ...opened])
      : undefined;
  }

  /** The epochs of tags by their names, made where there are none. */
  async #open(tags: readonly Tag[], key: CacheKey): Promise<Epochs> {
    const { keys, link } = this.#parts;
    const slots = grouped(
      tags.map((tag) => keys.epoch(tag, key)),
      hashTagOf,
    );
    const opened = slots.map(async ([, names]): Promise<[string, string][]> => {
      const made = names.map(() => newEpoch());
      const epochs = await run(link, scripts.open, names, [EPOCH_TTL_MS, EPOCH_LEAST_MS, ...made]);
      return (epochs as string[]).map((epoch, i) => [names[i]!, epoch]);
    });
    return new Map((await Promise.all(opened)).flat());
  }

  #decode(frame: Buffer, key: CacheKey) {
    const framed = decodeFrame(frame);
    if (typeof framed === 'string') return this.#refuse(framed);
    return framed.entry.key === key ? framed : this.#refuse('key');
  }

  #refuse(reason: UnreadableReason): undefined {
    this.#parts.unreadable(reason);
  }
}

type Epochs = ReadonlyMap<string, string>;

/** What was read before a fill. */
interface Taken {
  /** By their names. */
  readonly epochs: Epochs;
  readonly since: Positions;
}

/** No entry is stored that would be invalid at its birth, or valid while the cache is off. */
const isBornWith = (epoch: string | null): epoch is string => epoch !== null && epoch !== OFF;

function asItStands(entry: Entry, stands: Standing): Entry | undefined {
  if (stands.kind === 'invalid') return undefined;
  return stands.kind === 'stale' ? softened(entry, stands.since) : entry;
}

/** Of a frame: its version, its checksum and how long its head is. */
const SEAL_BYTES = 10;
/** What tells a frame from another one of the same entry. */
const sealOf = (frame: Buffer): string => frame.toString('latin1', 0, SEAL_BYTES);

const textOf = (result: unknown): string | null => (typeof result === 'string' ? result : null);
