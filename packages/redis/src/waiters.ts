import type { Clock, Ending } from '@larder/core';

/** Those in this process who wait for a lock, by its name. Each has an end of its own, so none is kept for ever. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<Waiter>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Locks that somebody waits for. */
  get size(): number {
    return this.#waiting.size;
  }

  add(name: string): Waiter {
    const waiter = new Waiter(this.#clock, () => this.#remove(name, waiter));
    const beside = this.#waiting.get(name);
    if (beside === undefined) this.#waiting.set(name, new Set([waiter]));
    else beside.add(waiter);
    return waiter;
  }

  wake(name: string, ending: Ending | undefined): void {
    for (const waiter of this.#waiting.get(name) ?? []) waiter.wake(ending);
  }

  wakeAll(): void {
    for (const name of this.#waiting.keys()) this.wake(name, undefined);
  }

  #remove(name: string, waiter: Waiter): void {
    const beside = this.#waiting.get(name);
    beside?.delete(waiter);
    if (beside?.size === 0) this.#waiting.delete(name);
  }
}

export class Waiter {
  readonly woken: Promise<Ending | undefined>;
  readonly #clock: Clock;
  readonly #leave: () => void;
  readonly #timers: (() => void)[] = [];
  #awake = false;
  #resolve!: (ending: Ending | undefined) => void;

  constructor(clock: Clock, leave: () => void) {
    this.#clock = clock;
    this.#leave = leave;
    this.woken = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Not to wait longer than that. */
  wakeIn(ms: number): void {
    if (!this.#awake) this.#timers.push(this.#clock.after(ms, () => this.wake(undefined)));
  }

  /** Idempotent: the first word counts. */
  wake(ending: Ending | undefined): void {
    if (this.#awake) return;
    this.#awake = true;
    for (const cancel of this.#timers) cancel();
    this.#leave();
    this.#resolve(ending);
  }
}
