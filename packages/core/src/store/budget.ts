import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../clock.ts';
import { inTime } from './patience.ts';

/** What code that serves a request may still wait for shared stores, all its calls together. */
const current = new AsyncLocalStorage<Budget | undefined>();

/** The budget of the request that this code serves; undefined where it serves none, or none any more. */
export function budgetOfRequest(): Budget | undefined {
  const budget = current.getStore();
  return budget?.isOver() === false ? budget : undefined;
}

/**
 * Runs what serves a request: shared stores keep all of it waiting for no longer than its budget, for as long as its
 * client is to hear something. `isAnswered` is asked again and again.
 */
export type Serve = <R>(isAnswered: () => boolean, run: () => R) => R;

/** Without a budget there is nothing to wait for. */
export const serving =
  (clock: Clock, budgetMs: number | undefined): Serve =>
  (isAnswered, run) => {
    if (budgetMs === undefined || budgetOfRequest() !== undefined) return run();
    return spending(new Budget(clock, budgetMs, isAnswered), run);
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
  /** Its request has been answered: what its code asks for from now on keeps nobody waiting. */
  readonly isOver: () => boolean;

  constructor(clock: Clock, ms: number, isOver = () => false) {
    this.#clock = clock;
    this.#leftMs = ms;
    this.isOver = isOver;
  }

  /** Whole milliseconds; a timer knows no less. */
  get leftMs(): number {
    return Math.floor(this.#leftMs + ROUNDING);
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
