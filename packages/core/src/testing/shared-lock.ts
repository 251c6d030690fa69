import type { Clock } from '../clock.ts';
import type { CacheKey } from '../key.ts';
import type { Ending, Lock } from '../lock.ts';

interface Held {
  untilMs: number;
  readonly waiters: Set<(ending: Ending) => void>;
}

/** One lock between the handles that it gives out: caches in one process that stand for several. */
export function sharedLock(clock: Clock): () => Lock {
  const keys = new Map<CacheKey, Held>();
  const holderOf = (key: CacheKey): Held | undefined => {
    const held = keys.get(key);
    return held !== undefined && clock.monotonicMs() < held.untilMs ? held : undefined;
  };
  return () => handle(clock, keys, holderOf);
}

function handle(
  clock: Clock,
  keys: Map<CacheKey, Held>,
  holderOf: (key: CacheKey) => Held | undefined,
): Lock {
  const waiting = new Set<(ending: Ending | undefined) => void>();

  /** How the holder ends, for who has been waiting since now; undefined once its time has run out. */
  const endingOf = (holder: Held) => {
    let wake!: (ending: Ending | undefined) => void;
    const ending = new Promise<Ending | undefined>((resolve) => {
      wake = resolve;
    });
    const cancel = clock.after(holder.untilMs - clock.monotonicMs(), () => wake(undefined));
    holder.waiters.add(wake);
    waiting.add(wake);
    ending.then(() => {
      cancel();
      holder.waiters.delete(wake);
      waiting.delete(wake);
    });
    return { ending, wake };
  };

  return {
    async acquire(key, ttlMs) {
      const holder = holderOf(key);
      if (holder !== undefined) {
        const { ending, wake } = endingOf(holder);
        return {
          kind: 'taken',
          async freed(ms) {
            const cancel = clock.after(ms, () => wake(undefined));
            return ending.finally(cancel);
          },
        };
      }
      const mine: Held = { untilMs: clock.monotonicMs() + ttlMs, waiters: new Set() };
      keys.set(key, mine);
      return {
        kind: 'held',
        async extend(ms) {
          if (holderOf(key) !== mine) return false;
          mine.untilMs = clock.monotonicMs() + ms;
          return true;
        },
        async release(ending) {
          if (holderOf(key) !== mine) return;
          keys.delete(key);
          for (const wake of mine.waiters) wake(ending);
        },
      };
    },
    async close() {
      for (const wake of waiting) wake(undefined);
    },
  };
}
