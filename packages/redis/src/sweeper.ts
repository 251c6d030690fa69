import {
  type Clock,
  inTime,
  invalidOptions,
  reachedBy,
  type Sweep,
  storeFailed,
  type Tag,
} from '@larder/core';
import { softHalf } from './epoch.ts';
import { grouped } from './grouped.ts';
import { hashTagOf, type RedisKeys } from './keys.ts';
import type { Link } from './link.ts';
import { randomId, type Work } from './log.ts';
import type { Logs } from './logs.ts';
import { run, scripts } from './scripts.ts';
import { STEP_MS, type Walk } from './walk.ts';

/** Walks over all of Redis, until in one of them nothing moved. */
const WALKS = 3;

export interface SweeperParts {
  readonly link: Link;
  readonly keys: RedisKeys;
  readonly logs: Logs;
  readonly walk: Walk;
  readonly clock: Clock;
}

/**
 * Invalidates all tags that a pattern matches. An epoch is there for every tag that anything valid was made with, or is
 * being made with just now: what is found are their names. The logs are told of the pattern before, for tags that are named
 * late, and behind, for who has taken something into its memory meanwhile.
 */
export class Sweeper {
  readonly #parts: SweeperParts;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** @throws LarderError `LARDER_INVALID_OPTIONS` where names are digests */
  async sweep(pattern: Tag, how: Sweep): Promise<void> {
    const { keys, logs, clock } = this.#parts;
    const match = keys.matching(pattern);
    if (match === undefined)
      throw invalidOptions(
        'redisTier.names',
        'digest',
        "names of tags cannot be read in Redis: give redisTier(…, { names: 'text' })",
      );
    const said = { tags: [pattern], softAt: how.softAt };
    const id = randomId();
    const announce = (state: Work['state']) =>
      inTime(clock, STEP_MS, logs.announce({ ...said, work: { id, state } }));
    await announce('begins');
    try {
      await this.#walks(match, pattern, how);
    } finally {
      await announce('ends');
    }
  }

  async #walks(match: string, pattern: Tag, how: Sweep): Promise<void> {
    const progress = { found: 0, looked: 0, of: await this.#parts.walk.size() };
    let walks = 1;
    while (!(await this.#walk(match, pattern, how, progress))) {
      if (walks === WALKS) throw storeFailed('scan', new Error('nodes or their slots change all the time'));
      walks += 1;
    }
    how.looked?.({ ...progress, looked: progress.of });
  }

  async #walk(match: string, pattern: Tag, { softAt, signal, looked }: Sweep, progress: Progress) {
    const { keys, walk } = this.#parts;
    const isMatched = reachedBy([pattern]);
    const soft = softAt === undefined ? '' : softHalf(softAt);
    progress.looked = 0;
    const pages = walk.pages(match, signal);
    for (;;) {
      const page = await pages.next();
      if (page.done) return page.value;
      const names = page.value.names.filter((name) => {
        const tag = keys.tagOf(name);
        return tag !== undefined && isMatched(tag);
      });
      await this.#turn(names, soft);
      progress.found += names.length;
      progress.looked = Math.min(progress.of, progress.looked + page.value.looked);
      looked?.({ ...progress });
    }
  }

  async #turn(names: readonly string[], soft: string): Promise<void> {
    const { link, clock } = this.#parts;
    const slots = grouped(names, hashTagOf);
    const turned = slots.map(([, names]) => run(link, scripts.turnEpochs, names, [soft]));
    await inTime(clock, STEP_MS, Promise.all(turned));
  }
}

interface Progress {
  found: number;
  looked: number;
  readonly of: number;
}
