import type { Tag } from '@larder/core';
import { grouped } from './grouped.ts';
import type { RedisKeys } from './keys.ts';
import type { Command, Link } from './link.ts';
import {
  isUntouched,
  type LogPosition,
  MAX_LENGTH,
  nonce,
  positionOf,
  readPosition,
  readSince,
} from './log.ts';
import { run, scripts } from './scripts.ts';

/** Tags invalidated in one step: a script may not keep others waiting, and takes no endless list. */
const TAGS_A_STEP = 500;

/** Where each log is; undefined where that cannot be told. */
export type Positions = ReadonlyMap<string, LogPosition | undefined>;

/** The logs of invalidations of a namespace: one, or in a Cluster as many as there are shelves. */
export class Logs {
  readonly #link: Link;
  readonly #keys: RedisKeys;
  readonly #ttlMs: number;

  constructor(link: Link, keys: RedisKeys, ttlMs: number) {
    this.#link = link;
    this.#keys = keys;
    this.#ttlMs = ttlMs;
  }

  /** Writes down that tags are invalidated, and removes their epochs. Where one node cannot be told, the others are. */
  async invalidate(tags: readonly Tag[], acknowledged: (tags: readonly Tag[]) => void): Promise<void> {
    const inLog = async ([log, logged]: [string, Tag[]]) => {
      for (let i = 0; i < logged.length; i += TAGS_A_STEP) {
        const step = logged.slice(i, i + TAGS_A_STEP);
        await this.#invalidateIn(log, step);
        acknowledged(step);
      }
    };
    const told = await Promise.allSettled(grouped(tags, this.#keys.log).map(inLog));
    for (const result of told) if (result.status === 'rejected') throw result.reason;
  }

  /** Of all logs, begun where there are none: only tags that are named late need them, and these are not known yet. */
  async positions(): Promise<Positions> {
    const { logs } = this.#keys;
    const positions = await Promise.all(logs.map((log) => this.#position(log)));
    return new Map(logs.map((log, i) => [log, positions[i]]));
  }

  /** Whether they show that none of the tags was invalidated since. */
  async untouched(tags: readonly Tag[], since: Positions): Promise<boolean> {
    const checks = grouped(tags, this.#keys.log).map(async ([log, logged]) => {
      const position = since.get(log);
      if (position === undefined) return false;
      const [reply] = await this.#link.send([readSince(log, position)]);
      return isUntouched(reply, position, logged.map(this.#keys.mark));
    });
    return (await Promise.all(checks)).every(Boolean);
  }

  /** The log first: a fill that makes an epoch of ours anew after this must find the invalidation there. */
  async #invalidateIn(log: string, tags: readonly Tag[]): Promise<void> {
    const epochs = tags.map((tag) => this.#keys.epochs(tag));
    const beside = epochs.flatMap((names) => (names.length === 1 ? names : []));
    const apart = epochs.flatMap((names) => (names.length === 1 ? [] : names));
    await this.#append(log, beside, tags.map(this.#keys.mark));
    await Promise.all(apart.map((name) => run(this.#link, scripts.forget, [name], [])));
  }

  async #position(log: string): Promise<LogPosition | undefined> {
    const read: Command[] = [readPosition(log)];
    try {
      const position = positionOf((await this.#link.send(read))[0]);
      if (position !== undefined) return position;
      await this.#append(log, [], []);
      return positionOf((await this.#link.send(read))[0]);
    } catch {
      return undefined;
    }
  }

  async #append(log: string, epochs: readonly string[], marks: readonly string[]): Promise<void> {
    await run(this.#link, scripts.invalidate, [log, ...epochs], [this.#ttlMs, MAX_LENGTH, nonce(), ...marks]);
  }
}
