import { mostAtOnce } from './handler.ts';
import { Crowd } from './load.ts';
import type { Memory } from './memory.ts';
import { type Measured, percentile, type Round } from './report.ts';
import { Servers, type ServersOptions } from './servers.ts';
import type { WayName } from './ways.ts';

export interface CompetitorOptions extends ServersOptions {
  readonly requests: number;
  /** How many commands Redis has been given so far. */
  readonly redisCalls: () => Promise<number>;
}

/** A way with its servers. They stay between its turns; its clients come for each. */
export class Competitor {
  readonly way: WayName;
  /** What went wrong, in a round that is counted or not. */
  readonly failures = new Map<string, number>();
  readonly #servers: Servers;
  readonly #options: CompetitorOptions;
  readonly #rounds: Round[] = [];
  #resting: Memory = { rss: 0, heap: 0 };
  #peak: Memory = { rss: 0, heap: 0 };

  private constructor(way: WayName, servers: Servers, options: CompetitorOptions) {
    this.way = way;
    this.#servers = servers;
    this.#options = options;
  }

  static async start(way: WayName, options: CompetitorOptions): Promise<Competitor> {
    return new Competitor(way, await Servers.start(way, options), options);
  }

  get measured(): Measured {
    const { rss, heap } = this.#resting;
    return { rounds: this.#rounds, growth: { rss: this.#peak.rss - rss, heap: this.#peak.heap - heap } };
  }

  /** Gets processes connected to Redis and their code compiled. Counts for nothing but memory. */
  warm(id: string): Promise<void> {
    return this.#withCrowd(async (crowd) => {
      this.#resting = await this.#servers.rest();
      await this.#stampede(crowd, id);
    });
  }

  compete(id: string): Promise<void> {
    return this.#withCrowd(async (crowd) => {
      this.#rounds.push(await this.#stampede(crowd, id));
      this.#peak = await this.#servers.peak();
    });
  }

  stop(): Promise<void> {
    return this.#servers.stop();
  }

  async #stampede(crowd: Crowd, id: string): Promise<Round> {
    const { redisCalls } = this.#options;
    const before = await redisCalls();
    const { ms, bytes, sendingMs, failures } = await crowd.stampede(id);
    const calls = (await redisCalls()) - before;
    for (const [what, times] of failures) this.failures.set(what, (this.failures.get(what) ?? 0) + times);
    const runs = await this.#servers.takeRuns();
    return {
      runs: runs.length,
      atOnce: mostAtOnce(runs),
      p50: percentile(ms, 0.5),
      p99: percentile(ms, 0.99),
      longest: percentile(ms, 1),
      sendingMs,
      failed: [...failures.values()].reduce((sum, times) => sum + times, 0),
      bytes,
      redisCalls: calls,
    };
  }

  async #withCrowd(use: (crowd: Crowd) => Promise<void>): Promise<void> {
    const crowd = await Crowd.gather(this.#servers.ports, this.#options.requests);
    try {
      await use(crowd);
    } finally {
      crowd.disperse();
    }
  }
}
