import type { Clock } from './clock.ts';
import type { Delivery, Observer } from './events.ts';
import { attempt, type GuardContext } from './store/attempt.ts';
import { aside } from './store/budget.ts';

/** How soon it is asked whether it is still off, and said again what could not be said. */
const AGAIN_MS = 1000;

/** What all processes that share a store hear of. */
export interface SharedSwitch {
  turn(on: boolean): Promise<void>;
  isOn(): Promise<boolean>;
}

export interface SwitchParts {
  readonly namespace: string;
  readonly clock: Clock;
  readonly observe: Observer;
  /** Absent where there are no other processes. */
  readonly shared?: { readonly context: GuardContext; readonly at: SharedSwitch } | undefined;
}

/**
 * Turns the whole cache off and on again while it runs, for every process that shares it. Who has not been told finds
 * out when he reads. Once off, it is off until somebody is heard to have turned it on: a store that cannot be asked
 * turns nothing on.
 */
export class Switch {
  readonly #parts: SwitchParts;
  #off = false;
  /** Each turn that is made here takes the place of those before it, wherever they have come. */
  #turns = 0;
  /** What the others have not been told. */
  #untold: boolean | undefined;
  #cancel = () => {};
  #closed = false;

  constructor(parts: SwitchParts) {
    this.#parts = parts;
  }

  get isOff(): boolean {
    return this.#off;
  }

  /** The shared store has been seen to say that it is off. */
  readonly heard = (): void => {
    // Nor is it news that it is off there, to who has yet to turn it on.
    if (this.#off || this.#untold === true) return;
    this.#set(false);
    this.#later(() => this.#look());
  };

  /** `emptied` comes before it is on again. `pending`: here it is so at once, and others will be told when they can be. */
  async turn(on: boolean, emptied?: () => Promise<unknown>): Promise<Delivery> {
    this.#turns += 1;
    const turn = this.#turns;
    if (!on) this.#set(false);
    await emptied?.();
    if (turn !== this.#turns) return 'done';
    this.#set(on);
    return this.#tell(on);
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #set(on: boolean): void {
    const { namespace, observe } = this.#parts;
    if (this.#off === !on) return;
    this.#off = !on;
    observe({ type: 'switch', namespace, on });
  }

  async #tell(on: boolean): Promise<Delivery> {
    this.#cancel();
    const { shared } = this.#parts;
    if (shared === undefined) return 'done';
    const turn = this.#turns;
    this.#untold = on;
    const told = await attempt(shared.context, 'switch', () => shared.at.turn(on).then(() => true), false);
    if (turn !== this.#turns) return 'done';
    if (told) this.#untold = undefined;
    if (!told) this.#later(() => this.#tell(on));
    else if (!on) this.#later(() => this.#look());
    return told ? 'done' : 'pending';
  }

  /** Another process may have turned it on again. */
  async #look(): Promise<void> {
    const { context, at } = this.#parts.shared!;
    const turn = this.#turns;
    const isOn = await attempt(context, 'switch', () => at.isOn(), false);
    if (turn !== this.#turns) return;
    if (isOn) this.#set(true);
    else this.#later(() => this.#look());
  }

  #later(run: () => Promise<unknown>): void {
    this.#cancel();
    if (!this.#closed) this.#cancel = this.#parts.clock.after(AGAIN_MS, () => void aside(run));
  }
}
