import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheKey } from '../key.ts';
import type { FillLimits } from './limits.ts';

/** Leave to run a handler or a load. */
export interface Turn {
  readonly over: boolean;
  /** Idempotent. */
  end(): void;
}

/** A place in the queue. */
export interface Queued {
  readonly turn: Promise<Turn>;
  /** Runs it now, whatever the bound: somebody who holds a turn waits for it. */
  hurry(): void;
}

/** The turn that code runs in: what it loads on its way is part of that, and must not queue behind it. */
const held = new AsyncLocalStorage<Turn>();

export const runIn = <R>(turn: Turn | undefined, run: () => R): R =>
  turn === undefined ? run() : held.run(turn, run);

export const hasTurn = (): boolean => held.getStore()?.over === false;

/**
 * So many fills at a time and no more, in a fair order: keys take turns, however many wait for one of them. A `crowd`
 * waits for one key: the followers of a fill that failed them. They go one by one at first and with every one that
 * ends one more at a time, for a handler that fails needs no crowd.
 */
export class Turns {
  readonly #limits: FillLimits;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with somebody who may go, the one whose turn is next first. */
  readonly #ready = new Set<Lane>();
  #running = 0;
  #waiting = 0;

  constructor(limits: FillLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  take(key: CacheKey, as: 'leader' | 'crowd'): Queued {
    if (hasTurn() || this.#waiting >= this.#limits.maxQueuedFills)
      return { turn: Promise.resolve(uncounted()), hurry() {} };
    const lane = this.#lane(as, key);
    let go!: Go;
    const turn = new Promise<Turn>((resolve) => {
      go = () => resolve(this.#begin(lane));
    });
    lane.waiting.add(go);
    this.#waiting += 1;
    this.#admit(lane);
    return { turn, hurry: () => lane.waiting.has(go) && this.#start(lane, go) };
  }

  #lane(as: 'leader' | 'crowd', key: CacheKey): Lane {
    const name = `${as} ${key}`;
    const width = as === 'leader' ? Number.POSITIVE_INFINITY : 1;
    const lane = this.#lanes.get(name) ?? { name, waiting: new Set(), running: 0, width };
    this.#lanes.set(name, lane);
    return lane;
  }

  #admit(lane: Lane): void {
    if (mayGo(lane)) this.#ready.add(lane);
    for (const next of this.#ready) {
      if (this.#running >= this.#limits.maxConcurrentFills) return;
      // To the end of the line, which this loop comes to.
      this.#ready.delete(next);
      const [first] = next.waiting;
      this.#start(next, first!);
    }
  }

  #start(lane: Lane, go: Go): void {
    lane.waiting.delete(go);
    this.#waiting -= 1;
    go();
    this.#ready.delete(lane);
    if (mayGo(lane)) this.#ready.add(lane);
  }

  #begin(lane: Lane): Turn {
    lane.running += 1;
    this.#running += 1;
    let over = false;
    return {
      get over() {
        return over;
      },
      end: () => {
        if (over) return;
        over = true;
        lane.running -= 1;
        lane.width += 1;
        this.#running -= 1;
        if (lane.running === 0 && lane.waiting.size === 0) this.#lanes.delete(lane.name);
        this.#admit(lane);
      },
    };
  }
}

type Go = () => void;

interface Lane {
  readonly name: string;
  /** First come first. */
  readonly waiting: Set<Go>;
  running: number;
  /** How many may run at a time. */
  width: number;
}

const mayGo = ({ waiting, running, width }: Lane): boolean => waiting.size > 0 && running < width;

function uncounted(): Turn {
  let over = false;
  return {
    get over() {
      return over;
    },
    end() {
      over = true;
    },
  };
}
