import type { Clock } from './clock.ts';
import type { Lead } from './collapse/lead.ts';
import type { Sightings } from './collapse/remembered.ts';
import type { Entry, StoredResponse } from './entry.ts';
import type { Forward } from './http/cache-status.ts';
import type { Wanted } from './lookup.ts';
import type { StoringRules } from './policy.ts';
import type { Random } from './random.ts';
import type { Store } from './store/store.ts';
import type { Write } from './writes.ts';

export interface FillParts {
  readonly wanted: Wanted;
  readonly rules: StoringRules;
  readonly fwd: Forward;
  readonly varyNames: readonly string[];
  /** What was found and may not be used as it is. */
  readonly stale: Entry<StoredResponse> | undefined;
  /** Ms after which the fill counts as failed. */
  readonly timeoutMs: number;
  /** To be landed; undefined for what nobody waits for, nor would. */
  readonly lead: Lead<Entry<StoredResponse>> | undefined;
  /** For a write. */
  readonly write: Write | undefined;
}

/** What every fill of a cache shares. */
export interface FillContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly sightings: Sightings;
}
