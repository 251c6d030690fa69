import type { Clock } from './clock.ts';
import type { Delivery, Observer } from './events.ts';
import { attempt, type GuardContext } from './store/attempt.ts';
import { aside } from './store/budget.ts';

/** How long it holds what others have said, and how soon what could not be said is said again. */
const HEARD_FOR_MS = 1000;

export interface SwitchParts {
  readonly namespace: string;
  readonly clock: Clock;
  readonly observe: Observer;
  /** To tell the other processes; absent where there are none. */
  readonly shared?:
    | { readonly context: GuardContext; readonly turn: (on: boolean) => Promise<void> }
    | undefined;
}

/**
 * Turns the whole cache off and on again while it runs, for every process that shares it. Who is told by nobody finds
 * out when he asks the shared store, and asks again every second for as long as it is off.
 */
export class Switch {
  readonly #parts: SwitchParts;
  #offHere = false;
  #heardUntilMs = Number.NEGATIVE_INFINITY;
  #cancelRetry = () => {};

  constructor(parts: SwitchParts) {
    this.#parts = parts;
  }

  get isOff(): boolean {
    return this.#offHere || this.#parts.clock.monotonicMs() < this.#heardUntilMs;
  }

  /** The shared store says that it is off. */
  readonly heard = (): void => {
    this.#heardUntilMs = this.#parts.clock.monotonicMs() + HEARD_FOR_MS;
  };

  /** `pending`: here it is so at once, and others will be told when they can be. */
  turn(on: boolean): Promise<Delivery> {
    const { namespace, observe } = this.#parts;
    this.#offHere = !on;
    this.#heardUntilMs = Number.NEGATIVE_INFINITY;
    observe({ type: 'switch', namespace, on });
    return this.#tell(on);
  }

  close(): void {
    this.#cancelRetry();
  }

  async #tell(on: boolean): Promise<Delivery> {
    this.#cancelRetry();
    const { shared, clock } = this.#parts;
    if (shared === undefined) return 'done';
    const told = await attempt(shared.context, 'switch', () => shared.turn(on).then(() => true), false);
    if (told) {
      // From now on it is what everybody hears: another process may turn it on again.
      if (!on) this.heard();
      this.#offHere = false;
      return 'done';
    }
    this.#cancelRetry = clock.after(HEARD_FOR_MS, () => void aside(() => this.#tell(on)));
    return 'pending';
  }
}
