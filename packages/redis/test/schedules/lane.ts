import type { Steps } from './steps.ts';

/** Steps that keep their order among themselves. */
export class Lane {
  readonly #place: string;
  readonly #steps: Steps;
  readonly #waiting: (() => void)[] = [];

  constructor(place: string, steps: Steps) {
    this.#place = place;
    this.#steps = steps;
  }

  add(label: string, run: () => unknown): void {
    const step = () => this.#steps.add(`${this.#place} ${label}`, run, this.#place);
    const begin = () => void step().finally(() => this.#next());
    this.#waiting.push(begin);
    if (this.#waiting.length === 1) begin();
  }

  #next(): void {
    this.#waiting.shift();
    this.#waiting[0]?.();
  }
}

/** A connection: what is sent on it arrives in its order, and is answered in that order, each in a step of its own. */
export class Connection {
  readonly #there: Lane;
  readonly #back: Lane;
  /** Those that wait for an answer. */
  readonly #asking = new Map<object, (error: Error) => void>();
  #lost = false;

  constructor(name: string, steps: Steps) {
    this.#there = new Lane(`${name} →`, steps);
    this.#back = new Lane(`${name} ←`, steps);
  }

  /** `arrive` has it answered. */
  send<T>(label: string, arrive: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked = {};
      this.#asking.set(asked, reject);
      const answered = (reply: T) => this.#asking.delete(asked) && resolve(reply);
      this.#there.add(label, async () => {
        if (this.#lost) return;
        const reply = await arrive();
        if (this.#asking.has(asked)) this.#back.add(label, () => answered(reply));
      });
    });
  }

  /** Nobody hears an answer any more. What is on its way still arrives, unless it is `lost` as well. */
  cut(lost: boolean): void {
    this.#lost = lost;
    for (const reject of this.#asking.values()) reject(new Error('Connection is closed.'));
    this.#asking.clear();
  }
}
