import type { Clock } from '@larder/core';

/** Work that is done when there is a reason, and every so often without one; never twice at a time. */
export class Rounds {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #run: (goesOn: () => boolean) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #again = false;
  #cancel = () => {};
  #closed = false;

  /** `run` ends early where it no longer `goesOn`. */
  constructor(
    clock: Clock,
    everyMs: number,
    run: (goesOn: () => boolean) => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#run = run;
    this.#failed = failed;
  }

  /** A round from now on, or once more after the one under way, which may have looked already. */
  wake(): void {
    if (this.#closed) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#cancel();
    this.#running = this.#round();
  }

  /** No further round; resolves once the one under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  async #round(): Promise<void> {
    do {
      this.#again = false;
      await this.#run(() => !this.#closed).catch(this.#failed);
    } while (this.#again && !this.#closed);
    this.#running = undefined;
    if (!this.#closed) this.#cancel = this.#clock.after(this.#everyMs, () => this.wake());
  }
}
