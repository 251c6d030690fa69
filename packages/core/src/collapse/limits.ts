import { invalidOptions } from '../errors.ts';
import { knownOptions, positive } from '../options.ts';

/** Bounds of what runs, and of who waits for it. */
export interface FillLimits {
  /** Seconds that a request waits for somebody else's fill, once that runs, before it runs its own. Default 10. */
  readonly waitTimeout: number;
  /** Seconds after which nobody waits for a fill any more, whatever its handler still does. Default 30. */
  readonly fillTimeout: number;
  /** Handlers and loads under way at a time in this process; further ones wait for their turn. Default 500. */
  readonly maxConcurrentFills: number;
  /** Who may wait for a turn; further ones run at once. Default 100,000. */
  readonly maxQueuedFills: number;
  /** Keys whose fills can be joined at a time; fills of further ones run alone. Default 10,000. */
  readonly maxFlights: number;
  /** Followers of one fill; further ones run alone. Default 10,000. */
  readonly maxFollowers: number;
  /** Seconds that `close()` gives refreshes under way to end by themselves. Default 5. */
  readonly drainTimeout: number;
}

const DEFAULTS: FillLimits = {
  waitTimeout: 10,
  fillTimeout: 30,
  maxConcurrentFills: 500,
  maxQueuedFills: 100_000,
  maxFlights: 10_000,
  maxFollowers: 10_000,
  drainTimeout: 5,
};

const TIMES: readonly string[] = [
  'waitTimeout',
  'fillTimeout',
  'drainTimeout',
] satisfies (keyof FillLimits)[];
const LONGEST_SECONDS = 3600;

/**
 * Limits with their defaults.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function fillLimits(given: Partial<FillLimits> = {}): FillLimits {
  knownOptions('fills', given, Object.keys(DEFAULTS));
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof FillLimits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    const check = TIMES.includes(name) ? duration : positive;
    Object.assign(limits, { [name]: check(`fills.${name}`, value) });
  }
  return limits;
}

function duration(path: string, given: unknown): number {
  if (typeof given === 'number' && given > 0 && given <= LONGEST_SECONDS) return given;
  throw invalidOptions(path, given, `give seconds, more than 0 and at most ${LONGEST_SECONDS}`);
}
