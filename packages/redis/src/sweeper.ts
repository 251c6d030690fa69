import {
  type Clock,
  type Heard,
  inTime,
  invalidOptions,
  reachedBy,
  type Sweep,
  storeFailed,
  type Tag,
} from '@larder/core';
import { softHalf } from './epoch.ts';
import type { RedisKeys } from './keys.ts';
import type { Link } from './link.ts';
import { randomId, type Work } from './log.ts';
import type { Logs } from './logs.ts';
import { turnEpochs } from './turn.ts';
import { STEP_MS, type Walk } from './walk.ts';

/** After so long it is said again that a sweep is under way. */
const SILENCE_MS = 20_000;
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

  /** @throws LarderError `LARDER_INVALID_OPTIONS` where names are digests, or may not be looked through */
  async sweep(pattern: Tag, how: Sweep): Promise<void> {
    const { keys } = this.#parts;
    const match = keys.matching(pattern);
    if (match === undefined)
      throw invalidOptions(
        'redisTier.names',
        'digest',
        "names of tags cannot be read in Redis: give redisTier(…, { names: 'text' })",
      );
    const voice = new Voice(this.#parts, { tags: [pattern], softAt: how.softAt });
    try {
      await this.#walks(match, pattern, how, voice);
    } finally {
      await voice.say('ends');
    }
  }

  async #walks(match: string, pattern: Tag, how: Sweep, voice: Voice): Promise<void> {
    const progress = { found: 0, looked: 0, of: 0 };
    for (let walks = 1; ; walks += 1) {
      // Whoever has taken the place of a node may not have heard it.
      await voice.say('begins');
      progress.of = await this.#parts.walk.size();
      if (await this.#walk(match, pattern, how, progress, voice)) break;
      if (walks === WALKS) throw storeFailed('scan', new Error('nodes or their slots change all the time'));
      // What is stale is still there, and found once more.
      if (how.softAt !== undefined) progress.found = 0;
    }
    how.looked?.({ ...progress, looked: progress.of });
  }

  async #walk(match: string, pattern: Tag, how: Sweep, progress: Progress, voice: Voice): Promise<boolean> {
    const { keys, walk, link, clock } = this.#parts;
    const isMatched = reachedBy([pattern]);
    const soft = how.softAt === undefined ? '' : softHalf(how.softAt);
    progress.looked = 0;
    const pages = walk.pages(match, how.signal);
    try {
      for (;;) {
        const page = await pages.next();
        if (page.done) return page.value;
        const names = page.value.names.filter((name) => {
          const tag = keys.tagOf(name);
          return tag !== undefined && isMatched(tag);
        });
        progress.found += await inTime(clock, STEP_MS, turnEpochs(link, names, soft));
        progress.looked = Math.min(progress.of, progress.looked + page.value.looked);
        how.looked?.({ ...progress });
        await voice.goOn();
      }
    } finally {
      await pages.return(false);
    }
  }
}

/** Tells all who follow the logs that a sweep is under way. */
class Voice {
  readonly #parts: SweeperParts;
  readonly #said: Heard;
  readonly #id = randomId();
  #spokeMs = 0;

  constructor(parts: SweeperParts, said: Heard) {
    this.#parts = parts;
    this.#said = said;
  }

  async say(state: Work['state']): Promise<void> {
    const { logs, clock } = this.#parts;
    this.#spokeMs = clock.monotonicMs();
    await inTime(clock, STEP_MS, logs.announce({ ...this.#said, work: { id: this.#id, state } }));
  }

  /** Who hears nothing for long takes it for done. */
  async goOn(): Promise<void> {
    if (this.#parts.clock.monotonicMs() - this.#spokeMs > SILENCE_MS) await this.say('begins');
  }
}

interface Progress {
  found: number;
  looked: number;
  of: number;
}
