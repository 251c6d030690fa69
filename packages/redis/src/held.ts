import type { Clock } from '@larder/core';

/** Told when something begins to be held, and when it no longer is. */
export type Changed = (state: 'held' | 'lost') => void;

/** Holds until a moment that is put off again and again, or else is over. */
export class Held {
  readonly #clock: Clock;
  readonly #changed: Changed;
  #untilMs = Number.NEGATIVE_INFINITY;
  #held = false;
  #cancelLapse = () => {};

  constructor(clock: Clock, changed: Changed) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Monotonic ms. */
  get untilMs(): number {
    return this.#untilMs;
  }

  until(ms: number): void {
    this.#untilMs = ms;
    this.#cancelLapse();
    this.#cancelLapse = this.#clock.after(ms - this.#clock.monotonicMs(), () => {
      this.#held = false;
      this.#changed('lost');
    });
    if (!this.#held) this.#changed('held');
    this.#held = true;
  }

  /** Nobody is told any more. */
  close(): void {
    this.#cancelLapse();
  }
}

/** Tells of two as of one, which is held while both are. */
export function heldTogether(changed: Changed): readonly [Changed, Changed] {
  const states = ['lost', 'lost'];
  const part = (i: 0 | 1): Changed => {
    return (state) => {
      states[i] = state;
      // While the other one is not held, it made no difference.
      if (states[1 - i] === 'held') changed(state);
    };
  };
  return [part(0), part(1)];
}
