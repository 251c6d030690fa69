import { type Heard, NAMESPACE_TAG, type Tag } from '@larder/core';
import { OFF, softHalf } from './epoch.ts';
import { grouped } from './grouped.ts';
import type { RedisKeys } from './keys.ts';
import type { Link } from './link.ts';
import {
  fieldsOf,
  isUntouched,
  type LogEntry,
  type LogPosition,
  lastOf,
  MAX_LENGTH,
  newsSince,
  positionOf,
  randomId,
  readLast,
  readPosition,
  readSince,
  type Written,
} from './log.ts';
import { run, scripts } from './scripts.ts';
import { turnEpochs } from './turn.ts';

/** Tags invalidated in one step: a script may not keep others waiting, and takes no endless list. */
const TAGS_A_STEP = 500;

/** Where each log is; undefined where that cannot be told. */
export type Positions = ReadonlyMap<string, LogPosition | undefined>;

/** What the others have invalidated since, and where the logs are now. */
export interface AllNews {
  readonly heard: readonly LogEntry[];
  readonly positions: Positions;
  /** There is more to be read. */
  readonly more: boolean;
  /** The cache is turned off. */
  readonly off: boolean;
}

export interface LogsParts {
  readonly link: Link;
  readonly keys: RedisKeys;
  /** How long they are kept. */
  readonly ttlMs: number;
  /** Where it is told that there is something to read; nothing where nobody could hear of it. */
  readonly channel: string;
}

/** The logs of invalidations of a namespace: one, or in a Cluster as many as there are shelves. */
export class Logs {
  readonly #parts: LogsParts;
  /** What is written here, those who follow the logs here know already. */
  readonly #by = randomId();

  constructor(parts: LogsParts) {
    this.#parts = parts;
  }

  /** Writes down that tags are invalidated, and turns their epochs. Where one node cannot be told, the others are. */
  async invalidate(
    { tags, softAt }: Heard,
    acknowledged: (tags: readonly Tag[]) => void = () => {},
  ): Promise<void> {
    const inLog = async ([log, logged]: [string, Tag[]]) => {
      for (let i = 0; i < logged.length; i += TAGS_A_STEP) {
        const step = logged.slice(i, i + TAGS_A_STEP);
        await this.#invalidateIn(log, { tags: step, softAt });
        acknowledged(step);
      }
    };
    await each(grouped(tags, this.#parts.keys.log).map(inLog));
  }

  /** Writes it down in every log, and turns nothing. Where one node cannot be told, the others are. */
  async announce(said: Omit<Written, 'by'>): Promise<void> {
    await each(this.#parts.keys.logs.map((log) => this.#append(log, said)));
  }

  /** Of all logs, begun where there are none: only tags that are named late need them, and these are not known yet. */
  async positions(): Promise<Positions> {
    const { logs } = this.#parts.keys;
    const positions = await Promise.all(logs.map((log) => this.#position(log)));
    return new Map(logs.map((log, i) => [log, positions[i]]));
  }

  /** The last of what they say, of each the oldest first. */
  async last(): Promise<readonly LogEntry[]> {
    const { link, keys } = this.#parts;
    return (await link.send(keys.logs.map(readLast))).flatMap(lastOf);
  }

  /** Whether they show that none of the tags was invalidated since. */
  async untouched(tags: readonly Tag[], since: Positions): Promise<boolean> {
    const checks = grouped(tags, this.#parts.keys.log).map(async ([log, logged]) => {
      const position = since.get(log);
      if (position === undefined) return false;
      const [reply] = await this.#parts.link.send([readSince(log, position)]);
      return isUntouched(reply, position, logged);
    });
    return (await Promise.all(checks)).every(Boolean);
  }

  /** What they say of the time since; undefined where one of them cannot tell. Rejects where one cannot be asked. */
  async news(since: Positions): Promise<AllNews | undefined> {
    const known = [...since].flatMap(([log, position]) =>
      position === undefined ? [] : [{ log, position }],
    );
    const { link, keys } = this.#parts;
    const [epoch, ...replies] = await link.send([
      ['get', keys.epoch(NAMESPACE_TAG, '')],
      ...known.map(({ log, position }) => readSince(log, position)),
    ]);
    const news = known.map(({ position }, i) => newsSince(replies[i], position));
    if (known.length < since.size || !news.every((one) => one !== undefined)) return undefined;
    return {
      heard: news.flatMap(({ entries }) => entries.filter(({ by }) => by !== this.#by)),
      positions: new Map(known.map(({ log, position }, i) => [log, news[i]!.entries.at(-1) ?? position])),
      more: news.some(({ more }) => more),
      off: epoch === OFF,
    };
  }

  /**
   * The log first: a fill that makes an epoch of ours anew after this must find the invalidation there. Epochs that lie
   * elsewhere are turned behind it, and then it is said once more: who has read it may have read them since, unturned.
   * That it will be is said as well, for who does so may die in between.
   */
  async #invalidateIn(log: string, heard: Heard): Promise<void> {
    const { keys, link } = this.#parts;
    const epochs = heard.tags.map((tag) => keys.epochs(tag));
    const beside = epochs.flatMap((names) => (names.length === 1 ? names : []));
    const apart = epochs.flatMap((names) => (names.length === 1 ? [] : names));
    const soft = heard.softAt === undefined ? '' : softHalf(heard.softAt);
    if (apart.length === 0) return this.#append(log, heard, beside, soft);
    const id = randomId();
    await this.#append(log, { ...heard, work: { id, state: 'begins' } }, beside, soft);
    await turnEpochs(link, apart, soft);
    await this.#append(log, { ...heard, work: { id, state: 'ends' } });
  }

  async #position(log: string): Promise<LogPosition | undefined> {
    const { link } = this.#parts;
    const read = [readPosition(log)];
    try {
      const position = positionOf((await link.send(read))[0]);
      if (position !== undefined) return position;
      await this.#append(log, { tags: [] });
      return positionOf((await link.send(read))[0]);
    } catch {
      return undefined;
    }
  }

  async #append(
    log: string,
    said: Omit<Written, 'by'>,
    epochs: readonly string[] = [],
    soft = '',
  ): Promise<void> {
    const { link, ttlMs, channel } = this.#parts;
    const fields = fieldsOf({ ...said, by: this.#by });
    // Nothing is new in a log that is begun: where Redis has no room for it, who is told of it would begin it again.
    const told = said.tags.length > 0 ? channel : '';
    await run(link, scripts.invalidate, [log, ...epochs], [ttlMs, MAX_LENGTH, told, soft, ...fields]);
  }
}

/** Waits for all of them, whatever becomes of the others, and rejects as the first that did. */
async function each(told: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(told)) if (result.status === 'rejected') throw result.reason;
}
