import { setTimeout as sleep } from 'node:timers/promises';
import { type Product, product } from './product.ts';

/** When a run began and ended, in ms of a clock that all processes share. */
export type Run = readonly [from: number, to: number];

/** The work that a cache is to save: it takes a time that is known, and says when it ran. */
export class Handler {
  readonly #ms: number;
  #runs: Run[] = [];

  constructor(ms: number) {
    this.#ms = ms;
  }

  readonly run = async (id: string): Promise<Product> => {
    const from = now();
    await sleep(this.#ms);
    this.#runs.push([from, now()]);
    return product(id);
  };

  /** The runs since they were last taken. */
  takeRuns(): Run[] {
    const runs = this.#runs;
    this.#runs = [];
    return runs;
  }
}

const now = (): number => performance.timeOrigin + performance.now();

/** How many of the runs were under way at one time. */
export function mostAtOnce(runs: readonly Run[]): number {
  const steps = runs.flatMap(([from, to]) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  let [under, most] = [0, 0];
  for (const { by } of steps.sort((a, b) => a.at - b.at || a.by - b.by)) {
    under += by;
    most = Math.max(most, under);
  }
  return most;
}
