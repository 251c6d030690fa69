import type { RefreshOutcome } from '../events.ts';
import type { Snapshot } from '../store/store.ts';
import type { Kept } from './question.ts';

/** Stores a value, and says what became of it. */
export async function stored(snapshot: Snapshot, entry: Kept): Promise<RefreshOutcome> {
  if (await snapshot.set(entry)) return 'stored';
  return (await snapshot.stands(entry.tags)) ? 'unstored' : 'dropped';
}
