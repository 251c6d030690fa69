import { manualClock } from '@larder/core/testing';
import fc from 'fast-check';
import type { Act } from './acts.ts';
import { LAG_MS } from './ledger.ts';
import type { Plan } from './plan.ts';
import { Process } from './process.ts';
import { Steps } from './steps.ts';
import { Witness } from './witness.ts';
import type { World } from './world.ts';

/** What came of a plan. */
export interface Told {
  /** Step by step. */
  readonly lines: readonly string[];
  readonly violations: readonly string[];
  /** Reads in which the promise was put to the test. */
  readonly tested: number;
}

/** A plan, and which of the orders its steps come in: each number stands for one, of this plan and of every other. */
export async function storyOf(world: World, order: number, plan: Plan): Promise<Told> {
  await world.reset();
  const story = new Story(world, order, plan);
  await story.run().catch((error) => story.witness.violations.push(String(error)));
  const { steps, witness } = story;
  return { lines: steps.told, violations: witness.violations, tested: witness.tested };
}

class Story {
  readonly steps: Steps;
  readonly witness: Witness;
  readonly #world: World;
  readonly #plan: Plan;
  readonly #processes = new Map<string, Process>();

  constructor(world: World, order: number, plan: Plan) {
    // From its number, for a scheduler that fast-check clones goes on where the one before has stopped.
    const [scheduler] = fc.sample(fc.scheduler(), { seed: order, numRuns: 1 });
    this.#world = world;
    this.#plan = plan;
    this.steps = new Steps(scheduler!, manualClock());
    this.witness = new Witness(this.steps);
    for (const [i, mode] of plan.modes.entries()) {
      const client = world.clients[i]!;
      this.#processes.set(client.name, new Process(client, mode, plan.deadlineMs, this.steps, this.witness));
    }
  }

  async run(): Promise<void> {
    const { modes, warm, acts } = this.#plan;
    const processes = [...this.#processes.values()];
    await this.steps.rest();
    await Promise.all(processes.map(({ listens }) => listens));
    if (warm) await this.#everybodyReads();
    this.steps.tell(`it begins, with memory: ${modes.join(', ')}`);
    await this.#play(acts);
    this.steps.goOn();
    await this.#world.be('well');
    // What is out of date and stays is found now, or when all that was acknowledged is due everywhere.
    await this.#everybodyReads();
    this.steps.clock.advance(LAG_MS);
    await this.#everybodyReads();
    await this.steps.until(Promise.all(processes.map((process) => process.close())));
  }

  async #everybodyReads(): Promise<void> {
    await this.steps.until(this.witness.ended());
    for (const process of this.#processes.values()) {
      process.read(false);
      process.page();
      await this.steps.until(this.witness.ended());
    }
  }

  /** In their order; what they lead to comes in between, or between two of them. */
  async #play(acts: readonly Act[]): Promise<void> {
    const rest = acts.findIndex(({ act }) => act === 'rest');
    const begun = rest === -1 ? acts : acts.slice(0, rest);
    const next = (i: number): void => {
      const act = begun[i];
      if (act === undefined) return;
      const done = this.steps.add(wordOf(act), () => this.#do(act));
      this.witness.follow(done.finally(() => next(i + 1)));
    };
    next(0);
    await this.steps.rest();
    if (rest !== -1) await this.#play(acts.slice(rest + 1));
  }

  #do(act: Act): unknown {
    const by = 'by' in act ? this.#processes.get(act.by)! : undefined;
    switch (act.act) {
      case 'read':
        return by!.read(act.strict);
      case 'page':
        return by!.page();
      case 'write':
        return by!.write(act.how);
      case 'cut':
        return by!.cut(act.lost);
      case 'hold':
        return this.steps.holdUp(`${act.by} ${act.place}`);
      case 'on':
        return this.steps.goOn(act);
      case 'pass':
        return this.steps.clock.advance(act.ms);
      case 'lose':
        return this.#world.lose(act.what);
      case 'redis':
        return this.#world.be(act.is);
    }
  }
}

const wordOf = ({ act, ...rest }: Act): string =>
  [act, ...Object.entries(rest).map(([name, value]) => `${name} ${value}`)].join(' ');
