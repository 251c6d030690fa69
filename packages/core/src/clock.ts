/** Time as an argument: nothing else in core asks the machine what time it is. */
export interface Clock {
  /** Wall time, epoch milliseconds: for lifetimes, which other processes must be able to read. */
  now(): number;
  /** Milliseconds that never go backwards: for leases and durations inside this process. */
  monotonicMs(): number;
  /** Calls back once after `ms`; the timer never keeps the process alive. Returns its cancellation. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
