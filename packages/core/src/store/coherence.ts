import { invalidOptions } from '../errors.ts';
import { knownOptions } from '../options.ts';
import type { Tag } from '../tags.ts';

/**
 * How a process learns that others have invalidated what it has in memory.
 *
 * `'lease'`: it follows their invalidations, and its memory answers alone for as long as it has missed none for more
 * than the lag. `'strict'`: its memory answers only what Redis has just confirmed, one round trip at every read.
 * `'local'`: it hears of none, and its copies last as long as they are fresh.
 */
export type Coherence = 'lease' | 'strict' | 'local';

export interface CoherenceOptions {
  /** Default `'lease'`. */
  readonly mode?: Coherence;
  /**
   * What is followed: the log of invalidations (`'log'`, default), or besides it every change to the cache's keys
   * (`'tracking'`: client tracking of Redis), so that even what an operator deletes by hand is gone from memory.
   */
  readonly via?: 'log' | 'tracking';
  /** Seconds, 0.1 to 60, that memory may lag behind what others have invalidated; the same in all processes. Default 1. */
  readonly lag?: number;
}

export type CoherenceChoice = Coherence | CoherenceOptions;

/** How the invalidations of others are followed. */
export interface Following {
  readonly via: 'log' | 'tracking';
  readonly lagMs: number;
}

/** What others have invalidated. */
export interface Heard {
  readonly tags: readonly Tag[];
  /** Epoch ms since when what carries them is stale, where they were invalidated softly. */
  readonly softAt?: number | undefined;
}

/** How far copies may be trusted, and why. */
export interface Lease {
  /**
   * Names a stretch of time in which nothing that others invalidated is missed. Another begins where something may have
   * been: copies from before have to be confirmed. Undefined while nothing is followed.
   */
  readonly session: string | undefined;
  /** Monotonic ms until which all is known that was invalidated longer ago than the lag. */
  readonly untilMs: number;
  /** Ms for which what the shared store has said holds, counted from when it was asked. */
  readonly lagMs: number;
  /** What is heard of an entry's copy besides its tags. */
  marksOf?(key: string, tags: readonly Tag[]): readonly Tag[];
}

/** Nothing is followed: a copy is good for as long as what the shared store last said of it. */
export const unfollowed = (lagMs: number): Lease & { close(): void } => ({
  session: undefined,
  untilMs: 0,
  lagMs,
  close() {},
});

/** Copies are good whatever others invalidate. What is followed all the same is whether the cache is turned off. */
export const unconcerned = (
  followed: Pick<Lease, 'session'> & { close(): void } = unfollowed(0),
): Lease & { close(): void } => ({
  get session() {
    return followed.session;
  },
  untilMs: Number.POSITIVE_INFINITY,
  lagMs: Number.POSITIVE_INFINITY,
  close: () => followed.close(),
});

const MODES: readonly Coherence[] = ['lease', 'strict', 'local'];
const VIAS: readonly Following['via'][] = ['log', 'tracking'];
const LEAST_SECONDS = 0.1;
const MOST_SECONDS = 60;

export type CoherenceSettings = Following & { readonly mode: Coherence };

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function coherenceOf(given: CoherenceChoice = {}): CoherenceSettings {
  if (typeof given === 'string') return { mode: word('coherence', given, MODES), via: 'log', lagMs: 1000 };
  knownOptions('coherence', given, ['mode', 'via', 'lag']);
  const { mode = 'lease', via = 'log', lag = 1 } = given;
  if (typeof lag !== 'number' || !(lag >= LEAST_SECONDS && lag <= MOST_SECONDS))
    throw invalidOptions('coherence.lag', lag, `give seconds from ${LEAST_SECONDS} to ${MOST_SECONDS}`);
  if (via === 'tracking' && mode !== 'lease')
    throw invalidOptions('coherence.via', via, `leave it out: with mode '${mode}' nothing is followed`);
  return {
    mode: word('coherence.mode', mode, MODES),
    via: word('coherence.via', via, VIAS),
    lagMs: lag * 1000,
  };
}

function word<T extends string>(path: string, given: T, known: readonly T[]): T {
  if (known.includes(given)) return given;
  throw invalidOptions(path, given, `give ${known.map((name) => `'${name}'`).join(' or ')}`);
}
