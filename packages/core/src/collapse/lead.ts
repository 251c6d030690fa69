import type { Clock } from '../clock.ts';
import type { Ending, Hold } from '../lock.ts';
import { joinTags, type Tag } from '../tags.ts';
import type { Flight, Landing } from './flight.ts';
import { type Queued, runIn, type Turn } from './turns.ts';

/** Ms that a lock outlives a process which has stopped saying that it lives: the longest that its death holds others up. */
export const LOCK_TTL_MS = 5000;

export interface LeadParts<T> {
  readonly clock: Clock;
  /** Those who wait for it; undefined when nobody may. */
  readonly flight: Flight<T> | undefined;
  /** Told once, with how it ended. */
  readonly ended: (landing: Landing<T>) => void;
}

/** The right to make what a key stands for, and what must be given back with it, however that ends. */
export class Lead<T> {
  readonly #parts: LeadParts<T>;
  #turn: Turn | undefined;
  #hold: Hold | undefined;
  #landed: Landing<T> | undefined;
  #letGo = false;
  #cancelBeat = () => {};
  #cancelTimeout = () => {};
  #released: Promise<void> = Promise.resolve();
  #end!: () => void;
  /** Resolves when it has landed. */
  readonly over: Promise<void> = new Promise((resolve) => {
    this.#end = resolve;
  });

  constructor(parts: LeadParts<T>) {
    this.#parts = parts;
    // Whoever asks from now on makes it anew, and not only in this process.
    if (parts.flight !== undefined) parts.flight.detached = () => this.#release('lost');
  }

  get landed(): boolean {
    return this.#landed !== undefined;
  }

  /** How it ended, once it has. */
  get landing(): Landing<T> | undefined {
    return this.#landed;
  }

  /** The lock, if there was one, has been let go. */
  get released(): Promise<void> {
    return this.#released;
  }

  /** It falls with these tags too, as is known only now. */
  retag(tags: readonly Tag[]): void {
    const { flight } = this.#parts;
    if (flight !== undefined) flight.tags = joinTags(flight.tags, tags);
  }

  async takeTurn(queued: Queued): Promise<void> {
    const { flight } = this.#parts;
    if (flight !== undefined) flight.bringForward = queued.hurry;
    // It may have queued before, and come back from waiting for another process.
    if (flight?.hurried) queued.hurry();
    const turn = await queued.turn;
    if (this.landed) return turn.end();
    this.#turn = turn;
    flight?.begin();
  }

  /** Waits for others now, who may need the turn. */
  giveTurnBack(): void {
    this.#turn?.end();
    this.#turn = undefined;
  }

  /** Keeps the lock for as long as the fill may take. */
  keep(hold: Hold): void {
    this.#hold = hold;
    if (this.landed || this.#letGo) this.#release('lost');
    else this.#beat(hold);
  }

  /** Leaves the key to other processes, and goes on. */
  letGo(): void {
    this.#letGo = true;
    this.#release('lost');
  }

  /** From now on it has failed after `timeoutMs`. */
  begin(timeoutMs: number): void {
    if (this.landed) return;
    this.#cancelTimeout();
    this.#cancelTimeout = this.#parts.clock.after(timeoutMs, () => this.land({ kind: 'failed' }));
  }

  /** Runs what makes it: what that loads on its way is part of it. */
  within<R>(run: () => R): R {
    return runIn(this.#turn, run);
  }

  /** Idempotent: the first landing counts. Other processes hear of it once it is `stored`, where they will look. */
  land(landing: Landing<T>, stored?: Promise<unknown>): void {
    if (this.landed) return;
    this.#landed = landing;
    this.#cancelTimeout();
    this.giveTurnBack();
    this.#release(ENDING_OF[landing.kind], stored);
    this.#parts.ended(landing);
    this.#parts.flight?.land(landing);
    this.#end();
  }

  #beat(hold: Hold): void {
    this.#cancelBeat = this.#parts.clock.after(LOCK_TTL_MS / 3, () => {
      hold.extend(LOCK_TTL_MS).then(
        (ours) => {
          if (this.#hold === hold && ours) this.#beat(hold);
        },
        () => {},
      );
    });
  }

  #release(ending: Ending, after?: Promise<unknown>): void {
    this.#cancelBeat();
    const hold = this.#hold;
    this.#hold = undefined;
    if (hold === undefined) return;
    const release = () => hold.release(ending).catch(() => {});
    this.#released = after === undefined ? release() : after.then(release, release);
  }
}

const ENDING_OF = {
  shared: 'stored',
  unshared: 'unshared',
  alone: 'lost',
  failed: 'failed',
  again: 'lost',
} as const satisfies Record<Landing<unknown>['kind'], Ending>;
