import type { Store } from '@larder/core';

/** A connection of the tier's own refuses commands until it stands. */
export async function untilReady(store: Store): Promise<void> {
  for (;;) {
    try {
      await store.get('ready?', []);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
