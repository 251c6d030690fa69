import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Of every wait so much more or less, by chance: processes that were started together do not go on together. */
export const SCHEDULE_JITTER = 0.1;

/** Work that comes again and again until it is stopped. */
export class Schedule {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #failed: (error: unknown) => void;
  readonly #stops = new Set<() => void>();

  constructor(clock: Clock, random: Random, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#failed = failed;
  }

  /**
   * Runs at once, and `everyMs` after it has ended, again, however it has. `aheadMs` is when the next run may come, at the
   * latest. Returns what stops it.
   */
  every(everyMs: number, run: (aheadMs: number) => Promise<void>): () => void {
    let stopped = false;
    let cancel = () => {};
    const turn = async () => {
      try {
        await run(untilNextTurnMs(everyMs));
      } catch (error) {
        this.#failed(error);
      }
      if (!stopped) cancel = this.#clock.after(this.#jittered(everyMs), () => void turn());
    };
    const stop = () => {
      stopped = true;
      cancel();
      this.#stops.delete(stop);
    };
    this.#stops.add(stop);
    void turn();
    return stop;
  }

  stopAll(): void {
    for (const stop of this.#stops) stop();
  }

  #jittered(ms: number): number {
    return ms * (1 - SCHEDULE_JITTER + 2 * SCHEDULE_JITTER * this.#random());
  }
}

/** Ms that something must stay fresh for if the next turn is to find it so. */
const untilNextTurnMs = (everyMs: number): number => everyMs * (1 + SCHEDULE_JITTER);
