import { type ChainableCommander, Redis, type RedisOptions } from 'ioredis';
import { scripts } from '../../src/scripts.ts';
import type { Ears } from './ears.ts';
import { Connection, Lane } from './lane.ts';
import type { Steps } from './steps.ts';

/** As the tier makes a client of its own. */
const OWN: RedisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
};

/** Ready as soon as it is connected. */
const QUICK: RedisOptions = { enableReadyCheck: false, disableClientInfo: true };

/**
 * A client whose pipelines reach Redis, and whose replies and messages reach the cache, when it is their turn. All of it
 * really travels: only the order is not Redis' own.
 */
export class GatedRedis extends Redis {
  readonly name: string;
  readonly #ears: Ears;
  #steps!: Steps;
  #connection!: Connection;
  #listens = () => {};

  constructor(name: string, url: string, ears: Ears) {
    super(url, OWN);
    this.name = name;
    this.#ears = ears;
  }

  /** What goes this way is steps of these from now on. Resolves once somebody listens for messages. */
  begin(steps: Steps): Promise<void> {
    this.#steps = steps;
    this.#connection = new Connection(this.name, steps);
    return new Promise((resolve) => {
      this.#listens = resolve;
    });
  }

  /** There is another one at once. */
  cut(lost: boolean): void {
    this.#connection.cut(lost);
    this.#connection = new Connection(this.name, this.#steps);
  }

  override pipeline(...given: Parameters<Redis['pipeline']>): ChainableCommander {
    const pipeline = super.pipeline(...given);
    const labels = new Set<string>();
    const locks = new Set<number>();
    const arrive = async () => {
      const replies = await pipeline.exec();
      for (const i of locks) replies![i] = asTimeStandsStill(replies![i]!);
      // Nothing else publishes.
      if ([...labels].some((label) => label in scripts)) await this.#ears.fence();
      return replies;
    };
    const exec = () => this.#connection.send([...labels].join(', '), arrive);
    return new Proxy(pipeline, {
      get(target, name) {
        if (name === 'exec') return exec;
        return (...args: unknown[]) => {
          const label = labelOf(String(name), args);
          if (label === 'acquire') locks.add(target.length);
          labels.add(label);
          return Reflect.get(target, name).apply(target, slowed(label, args));
        };
      },
    });
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const ear = super.duplicate({ ...override, ...QUICK });
    const lane = new Lane(`${this.name} hears`, this.#steps);
    const heard = (message: string, pass: () => void) => lane.add(heardOf(message), pass);
    void this.#ears.open(this.name, ear, heard).then(this.#listens);
    return ear;
  }
}

/**
 * Redis counts the time that a lock has left, and its time is not the story's. So it is given so much that what passes
 * there makes no difference.
 */
const SLOWER = 100_000;
const slowed = (label: string, args: readonly unknown[]): readonly unknown[] =>
  label === 'acquire' || label === 'extend' ? args.with(-1, Number(args.at(-1)) * SLOWER) : args;

type Reply = [error: Error | null, result: unknown];

const asTimeStandsStill = ([error, left]: Reply): Reply => [
  error,
  error === null ? Math.ceil(Number(left) / SLOWER) : undefined,
];

const NAMES = new Map(Object.entries(scripts).map(([name, { sha1 }]) => [sha1, name]));
const KINDS: Readonly<Record<string, string>> = { e: 'entry', t: 'epoch', i: 'log', l: 'lock' };

/** Keys are `<prefix><ns>:1:<kind>…`. */
const kindOf = (key: string): string => KINDS[key.split(':')[3]!] ?? key;

const labelOf = (command: string, [first]: readonly unknown[]): string =>
  NAMES.get(String(first)) ?? `${command} ${kindOf(String(first))}`;

/** That there is news in the log, or how the fill of a lock ended. */
const heardOf = (message: string): string => message.split(' ')[1] ?? 'of news';
