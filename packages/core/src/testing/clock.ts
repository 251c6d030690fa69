import type { Clock } from '../clock.ts';

/** A clock that moves when it is told to. */
export interface ManualClock extends Clock {
  /** Runs whatever falls due on the way, when it does; also what is set for later on that way. */
  advance(ms: number): void;
}

/** Starts at the given epoch ms. */
export function manualClock(startAt = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0;
  const timers = new Set<{ readonly due: number; readonly run: () => void }>();
  return {
    now: () => startAt + elapsed,
    monotonicMs: () => elapsed,
    after(ms, run) {
      const timer = { due: elapsed + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = elapsed + ms;
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due);
        if (next === undefined) break;
        elapsed = Math.max(elapsed, next.due);
        timers.delete(next);
        next.run();
      }
      elapsed = until;
    },
  };
}
