import type { Clock } from './clock.ts';
import type { FillLimits } from './collapse/limits.ts';
import type { Observer } from './events.ts';
import { knownOptions, optionalCallback } from './options.ts';
import type { Random } from './random.ts';
import type { StoreSettings } from './store/compose.ts';

export interface CacheOptions extends StoreSettings {
  /**
   * Sets this deploy's entries apart from those of others, which stay as they are for who still runs: 1–64 letters,
   * digits, `.`, `_` or `-`. Invalidations reach all of them. Default: none.
   */
  readonly version?: string;
  /** Told of everything that happens; must not block. */
  readonly observe?: Observer;
  /** Bounds of what runs at a time, and of who waits for it. */
  readonly fills?: Partial<FillLimits>;
  readonly clock?: Clock;
  /** Chance, for early refresh and jitter. */
  readonly random?: Random;
}

const OPTIONS: readonly string[] = [
  'namespace',
  'version',
  'memory',
  'redis',
  'coherence',
  'observe',
  'fills',
  'clock',
  'random',
] satisfies (keyof CacheOptions)[];

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function checkOptions(options: CacheOptions): void {
  knownOptions('options', options, OPTIONS);
  optionalCallback('observe', options.observe);
  optionalCallback('random', options.random);
}
