import type { CacheEvent, Observer } from '../events.ts';

/** An observer that remembers. */
export interface RecordingObserver {
  readonly observe: Observer;
  readonly events: readonly CacheEvent[];
  of<T extends CacheEvent['type']>(type: T): Extract<CacheEvent, { type: T }>[];
  /** Resolves with the next event of the type. */
  next<T extends CacheEvent['type']>(type: T): Promise<Extract<CacheEvent, { type: T }>>;
}

export function recordingObserver(): RecordingObserver {
  const events: CacheEvent[] = [];
  const waiting = new Set<(event: CacheEvent) => void>();
  const isOf =
    <T extends CacheEvent['type']>(type: T) =>
    (event: CacheEvent): event is Extract<CacheEvent, { type: T }> =>
      event.type === type;
  return {
    events,
    observe(event) {
      events.push(event);
      for (const tell of waiting) tell(event);
    },
    of: (type) => events.filter(isOf(type)),
    next: (type) =>
      new Promise((resolve) => {
        const tell = (event: CacheEvent) => {
          if (!isOf(type)(event)) return;
          waiting.delete(tell);
          resolve(event as never);
        };
        waiting.add(tell);
      }),
  };
}
