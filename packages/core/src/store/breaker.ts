import type { Clock } from '../clock.ts';
import { storeSkipped } from '../errors.ts';
import type { BreakerState } from '../events.ts';
import { inTime } from './patience.ts';

export interface BreakerSettings {
  /** Failures in a row after which it opens; calls that were under way together fail as one. */
  readonly failures: number;
  /** Milliseconds that it stays open for before one call is let through to see. */
  readonly openMs: number;
}

export interface BreakerContext extends BreakerSettings {
  readonly clock: Clock;
  /** Milliseconds after which a call that has not been answered counts as failed. */
  readonly deadlineMs: number;
  /** Whether the error says that it cannot be asked at all, and not just that it refused what it was asked. */
  readonly isOutage: (error: unknown) => boolean;
  readonly changed: (state: BreakerState) => void;
}

/**
 * Whether it is worth asking somebody who fails. After so many failures in a row nobody is let through for a while,
 * then exactly one; what that finds decides. It judges calls and does not shorten them: how long somebody waits for
 * an answer is his own affair, and no verdict.
 */
export class Breaker {
  readonly #context: BreakerContext;
  #state: BreakerState = 'closed';
  #failures = 0;
  #openedAtMs = 0;
  /** Changes with the state: what was begun before says nothing of what is now. */
  #era = 0;
  /** Changes with every failure: what was under way then, under however much load, tells of the same one. */
  #round = 0;

  constructor(context: BreakerContext) {
    this.#context = context;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /**
   * What the call gives. `graceMs` is added to the deadline of what is known to take longer.
   * @throws LarderError `LARDER_STORE_SKIPPED`, without calling, when open
   */
  run<T>(call: () => Promise<T>, graceMs = 0): Promise<T> {
    if (this.#state !== 'closed' && !this.#mayProbe()) return Promise.reject(storeSkipped('open'));
    const [era, round] = [this.#era, this.#round];
    const calling = call();
    inTime(this.#context.clock, this.#context.deadlineMs + graceMs, calling).then(
      () => this.#answered(era),
      (error) => (this.#context.isOutage(error) ? this.#failed(era, round) : this.#answered(era)),
    );
    return calling;
  }

  /** Something speaks for another try, a connection that stands again: the next call is let through. */
  tryAgain(): void {
    this.#openedAtMs = Number.NEGATIVE_INFINITY;
  }

  #mayProbe(): boolean {
    const { clock, openMs } = this.#context;
    if (this.#state === 'half-open' || clock.monotonicMs() - this.#openedAtMs < openMs) return false;
    this.#enter('half-open');
    return true;
  }

  #answered(era: number): void {
    if (era !== this.#era) return;
    this.#failures = 0;
    if (this.#state === 'half-open') this.#enter('closed');
  }

  #failed(era: number, round: number): void {
    if (era !== this.#era || round !== this.#round) return;
    this.#round += 1;
    this.#failures += 1;
    if (this.#state === 'half-open' || this.#failures >= this.#context.failures) this.#open();
  }

  #open(): void {
    this.#failures = 0;
    this.#openedAtMs = this.#context.clock.monotonicMs();
    this.#enter('open');
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#era += 1;
    this.#context.changed(state);
  }
}
