import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../clock.ts';
import { inTime } from './patience.ts';

/** What code that serves a request may still wait for shared stores, all its calls together. */
const current = new AsyncLocalStorage<Budget | undefined>();

/** The budget of the request that this code serves; undefined where it serves none, or none any more. */
export function budgetOfRequest(): Budget | undefined {
  const budget = current.getStore();
  return budget?.over === false ? budget : undefined;
}

/**
 * Runs what serves a request: shared stores keep all of it waiting for no longer than its budget, until `whenOver` says
 * that it has been answered.
 */
export type Serve = <R>(whenOver: (over: () => void) => void, run: () => R) => R;

/** Without a budget there is nothing to wait for. */
export const serving =
  (clock: Clock, budgetMs: number | undefined): Serve =>
  (whenOver, run) => {
    if (budgetMs === undefined || budgetOfRequest() !== undefined) return run();
    const budget = new Budget(clock, budgetMs);
    whenOver(() => budget.end());
    return spending(budget, run);
  };

export const spending = <R>(budget: Budget, run: () => R): R => current.run(budget, run);

/** Runs what goes on behind a request, and is no part of what its client waits for. */
export const aside = <R>(run: () => R): R => current.run(undefined, run);

/** Thirds add up to a little less than one. */
const ROUNDING = 1e-6;

/** So many milliseconds of waiting. Calls that are waited for at the same time count once. */
export class Budget {
  readonly #clock: Clock;
  #leftMs: number;
  #waits = 0;
  #over = false;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#leftMs = ms;
  }

  /** Whole milliseconds; a timer knows no less. */
  get leftMs(): number {
    return Math.floor(this.#leftMs + ROUNDING);
  }

  get over(): boolean {
    return this.#over;
  }

  /** Its request has been answered: what its code asks for from now on keeps nobody waiting. */
  end(): void {
    this.#over = true;
  }

  /** Rejects after `deadlineMs`, or as soon as nothing is left. */
  async wait<T>(call: Promise<T>, deadlineMs: number): Promise<T> {
    this.#waits += 1;
    try {
      const ms = Math.min(deadlineMs, this.leftMs);
      return await inTime(this.#clock, ms, call, (passed) => {
        this.#leftMs = Math.max(0, this.#leftMs - passed / this.#waits);
      });
    } finally {
      this.#waits -= 1;
    }
  }
}
