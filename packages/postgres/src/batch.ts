import { NAMESPACE_TAG, type Tag, userTags } from '@larder/core';
import type { Row } from './outbox-table.ts';

/** What several rows say together. */
export interface Batch {
  /** Each once, however many rows name it. */
  readonly tags: readonly Tag[];
  /** Why rows were taken for "everything": they name what can be no tag. */
  readonly refusals: readonly unknown[];
}

export function batchOf(rows: readonly Row[]): Batch {
  const tags = new Set<Tag>();
  const refusals: unknown[] = [];
  for (const row of rows) for (const tag of tagsOf(row, refusals)) tags.add(tag);
  return { tags: tags.has(NAMESPACE_TAG) ? [NAMESPACE_TAG] : [...tags], refusals };
}

/** A row that cannot be understood was written for some reason: rather too much than nothing. */
function tagsOf(row: Row, refusals: unknown[]): readonly Tag[] {
  if (row.tags === null) return [NAMESPACE_TAG];
  try {
    return userTags(row.tags);
  } catch (error) {
    refusals.push(error);
    return [NAMESPACE_TAG];
  }
}
