import { type Entry, type StoredValue, systemClock } from '@larder/core';
import { type EntryParts, entryOf } from '@larder/core/testing';

/** A value that lasts for longer than any test. */
export const valueEntry = (parts: EntryParts = {}): Entry<StoredValue> =>
  entryOf(systemClock, { tags: ['n:', 't:a'], body: Buffer.from([0, 255, 10, 13]), ...parts });
