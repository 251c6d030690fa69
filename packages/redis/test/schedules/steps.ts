import type { ManualClock } from '@larder/core/testing';
import type { Scheduler } from 'fast-check';

/** So long at a time while nothing but time is waited for. */
const TICK_MS = 50;
/** Whatever is waited for is there by then: no bound of the cache's is longer. */
const LONGEST_MS = 120_000;

/** Of one rest: whatever needs no time has come to its end by then. */
const MOST_STEPS = 2000;

/** What may happen, one step after another, in an order that is the scheduler's; between two of them all is still. */
export class Steps {
  /** What has happened, for who reads of it. */
  readonly told: string[] = [];
  readonly clock: ManualClock;
  readonly #scheduler: Scheduler;
  readonly #heldUp = new Map<string, (() => void)[]>();

  constructor(scheduler: Scheduler, clock: ManualClock) {
    this.#scheduler = scheduler;
    this.clock = clock;
  }

  /** Resolves as `run` does, which is run when its turn comes; where `place` is held up, not before it goes on. */
  add<T>(label: string, run: () => T | Promise<T>, place?: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const builder = async () => {
        this.tell(label);
        try {
          resolve(await run());
        } catch (error) {
          reject(error);
        }
      };
      const schedule = () => void this.#scheduler.scheduleSequence([{ label, builder }]);
      const held = place === undefined ? undefined : this.#heldUp.get(place);
      if (held === undefined) schedule();
      else held.push(schedule);
    });
  }

  holdUp(place: string): void {
    if (!this.#heldUp.has(place)) this.#heldUp.set(place, []);
  }

  /** Everywhere, unless it is said where; for `once`, what comes next is held up again. */
  goOn({ once = false, at }: { once?: boolean; at?: string } = {}): void {
    for (const place of at === undefined ? [...this.#heldUp.keys()] : [at]) {
      const held = this.#heldUp.get(place)?.splice(0) ?? [];
      if (!once) this.#heldUp.delete(place);
      for (const schedule of held) schedule();
    }
  }

  tell(line: string): void {
    this.told.push(`${String(this.told.length + 1).padStart(4)}  ${line}`);
  }

  /** Until nothing is left that needs no time. */
  async rest(): Promise<void> {
    await still();
    for (let steps = 0; this.#scheduler.count() > 0; steps += 1) {
      if (steps > MOST_STEPS) throw new Error('something goes round and round');
      await this.#scheduler.waitOne();
      await still();
    }
  }

  /** Lets time pass as well, for as long as it takes. */
  async until(what: Promise<unknown>): Promise<void> {
    let over = false;
    const end = () => {
      over = true;
    };
    what.then(end, end);
    await this.rest();
    for (let ms = 0; !over; ms += TICK_MS) {
      if (ms > LONGEST_MS) throw new Error('something hangs that nothing holds back');
      this.clock.advance(TICK_MS);
      await this.rest();
    }
  }
}

/** What a deadline rejects comes a turn of the event loop behind it, and what that leads to may come another one later. */
const TURNS = 3;

async function still(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
