import { type CacheStatus, xCache } from '@larder/core';

/** `collapsed` is a miss that shared another request's handler run. */
export type Outcome = 'hit' | 'stale' | 'miss' | 'collapsed' | 'bypass';

export function outcomeOf(status: CacheStatus): Outcome {
  if (!status.hit && status.fwd !== undefined && status.collapsed) return 'collapsed';
  return xCache(status).toLowerCase() as Exclude<Outcome, 'collapsed'>;
}
