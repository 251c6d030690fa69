import type { Snapshot, Store } from '../store/store.ts';

/** A store in front of another that fails while it is told to: a connection that can be cut and mended. */
export interface FailingStore extends Store {
  failing: boolean;
}

export function failingStore(behind: Store): FailingStore {
  const attempt = async <T>(run: () => Promise<T>): Promise<T> => {
    if (store.failing) throw new Error('the store cannot be reached');
    return run();
  };
  const store: FailingStore = {
    failing: false,
    get: (key, tags, reading) => attempt(() => behind.get(key, tags, reading)),
    snapshot: (tags, key) =>
      attempt(async (): Promise<Snapshot> => {
        const snapshot = await behind.snapshot(tags, key);
        return {
          set: (entry) => attempt(() => snapshot.set(entry)),
          stands: (tags) => attempt(() => snapshot.stands(tags)),
        };
      }),
    invalidate: (tags, acknowledged) => attempt(() => behind.invalidate(tags, acknowledged)),
    soften: (tags, at) => attempt(() => behind.soften(tags, at)),
    sweep: (pattern, how) => attempt(() => behind.sweep(pattern, how)),
    close: () => behind.close(),
  };
  return store;
}
