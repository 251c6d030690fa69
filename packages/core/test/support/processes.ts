import { vi } from 'vitest';
import { Cache, type CacheOptions, memoryStore, type SharedTier } from '../../src/index.ts';
import {
  failingStore,
  type ManualClock,
  manualClock,
  recordingObserver,
  sharedLock,
} from '../../src/testing/index.ts';

/** A tier other caches can be put on too, and that can be made to fail. `lock` is one more handle on its lock. */
export function sharedTier(clock: ManualClock = manualClock()) {
  const store = failingStore(memoryStore({}, { namespace: 'shared', clock }));
  const lock = sharedLock(clock);
  // It outlives each of those who share it.
  const shared = { ...store, close: async () => {} };
  const tier: SharedTier = { name: 'shared', open: () => ({ store: shared, lock: lock() }) };
  return { store, tier, lock: lock() };
}

/** Caches that stand for as many processes on one tier. */
export function processes(count: number, options: CacheOptions = {}) {
  const clock = manualClock();
  const { tier, lock, store } = sharedTier(clock);
  const observers = Array.from({ length: count }, recordingObserver);
  const caches = observers.map(({ observe }) => new Cache({ clock, redis: tier, observe, ...options }));
  return { clock, lock, store, observers, caches, cache: caches[0]!, observer: observers[0]! };
}

export function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A load that ends when it is told to, and counts who runs it at the same time. */
export function heldLoads<T>() {
  const begun: ReturnType<typeof later<T>>[] = [];
  const counts = { running: 0, most: 0 };
  const load = vi.fn(() => {
    const ending = later<T>();
    begun.push(ending);
    counts.running += 1;
    counts.most = Math.max(counts.most, counts.running);
    return ending.promise.finally(() => {
      counts.running -= 1;
    });
  });
  return {
    load,
    counts,
    /** Those that have not been ended. */
    begun,
    endNext: (value: T) => begun.shift()!.resolve(value),
    failNext: (error: unknown) => begun.shift()!.reject(error),
  };
}

/** Everything that can happen without time has happened. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets time pass little by little, so that what comes of a timer is there before the next. */
export async function pass(clock: ManualClock, ms: number, stepMs = 200): Promise<void> {
  await settled();
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await settled();
  }
}

/** What became of a promise so far. */
export function watched<T>(promise: Promise<T>) {
  const seen: { state: 'waiting' | 'given' | 'failed'; value?: T; error?: unknown } = { state: 'waiting' };
  promise.then(
    (value) => Object.assign(seen, { state: 'given', value }),
    (error) => Object.assign(seen, { state: 'failed', error }),
  );
  return seen;
}

/** Everybody asks in turn: the first cache, the second, and so on, round and round. */
export const everybody = <T>(caches: readonly Cache[], count: number, ask: (cache: Cache) => Promise<T>) =>
  Array.from({ length: count }, (_, n) => watched(ask(caches[n % caches.length]!)));

export const given = <T>(asked: readonly { state: string; value?: T }[]) =>
  asked.filter(({ state }) => state === 'given').map(({ value }) => value);
export const failed = (asked: readonly { state: string; error?: unknown }[]) =>
  asked.filter(({ state }) => state === 'failed').map(({ error }) => error);
