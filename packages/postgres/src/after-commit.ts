import type { Cache } from '@larder/core';
import { cacheIn } from './checks.ts';
import { NamedTags } from './named-tags.ts';

export interface AfterCommit {
  /**
   * Names what the transaction makes out of date.
   * @throws LarderError `LARDER_INVALID_TAG`, `LARDER_TRANSACTION_OVER`
   */
  readonly invalidate: (tags: string | readonly string[]) => void;
  /** Everything in the namespace. */
  readonly invalidateAll: () => void;
}

/**
 * Runs a transaction of any library, and invalidates what was named meanwhile once its promise has settled. It does so
 * where that rejects, too: a commit of which the library has not heard may have been one.
 *
 * @throws LarderError `LARDER_INVALID_OPTIONS`; and what `work` throws
 */
export async function afterCommit<T>(cache: Cache, work: (after: AfterCommit) => Promise<T>): Promise<T> {
  cacheIn('cache', cache);
  const named = new NamedTags();
  try {
    return await work({ invalidate: named.add, invalidateAll: named.addEverything });
  } finally {
    named.end();
    await cache.invalidateTags(named.tags());
  }
}
