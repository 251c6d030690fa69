import { Cache } from '@larder/core';
import { redisTier } from '../../src/index.ts';
import type { GatedRedis } from './gate.ts';
import { LAG_MS, type Mode } from './ledger.ts';
import { pageOf } from './page.ts';
import type { Steps } from './steps.ts';
import type { Witness } from './witness.ts';

const TAG = 'row';

const SETTINGS = {
  lease: { coherence: { lag: LAG_MS / 1000 } },
  strict: { coherence: 'strict' },
  none: { memory: false },
} as const satisfies Record<Mode, unknown>;

export type How = 'hard' | 'soft' | 'all';

/** One of the processes, as far as its cache goes. */
export class Process {
  readonly #name: string;
  readonly #mode: Mode;
  readonly #client: GatedRedis;
  readonly #witness: Witness;
  readonly #cache: Cache;
  /** Resolves once it hears messages, which takes a first fill. */
  readonly listens: Promise<void>;

  constructor(client: GatedRedis, mode: Mode, deadlineMs: number, steps: Steps, witness: Witness) {
    this.#name = client.name;
    this.#mode = mode;
    this.#client = client;
    this.#witness = witness;
    this.listens = client.begin(steps);
    this.#cache = new Cache({
      namespace: 'story',
      redis: redisTier(client, { commandTimeoutMs: deadlineMs }),
      clock: steps.clock,
      random: () => 0.5,
      observe: (event) => {
        if (event.type === 'pending' && event.tags === 0) witness.delivered(this.#name);
      },
      ...SETTINGS[mode],
    });
    witness.follow(this.#cache.getOrSet(`begin ${this.#name}`, { ttl: 1 }, () => 0));
  }

  /** A value, whose tags are known before it is loaded. */
  read(strict: boolean): void {
    const options = { ttl: 3600, tags: [TAG], ...(strict && { coherence: 'strict' as const }) };
    this.#witness.read({
      by: this.#name,
      what: 'value',
      asks: strict || this.#mode !== 'lease',
      read: (load) => this.#cache.getOrSet('value', options, load),
    });
  }

  /** A response, whose handler names the tag while it runs. */
  page(): void {
    const behind = (storing: Promise<unknown>) => this.#witness.follow(storing);
    this.#witness.read({
      by: this.#name,
      what: 'page',
      asks: this.#mode !== 'lease',
      read: (handler) => pageOf(this.#cache, TAG, handler, behind),
    });
  }

  write(how: How): void {
    const soft = how === 'soft';
    const invalidate = () =>
      how === 'all' ? this.#cache.invalidateAll() : this.#cache.invalidate(TAG, { soft });
    this.#witness.write({ by: this.#name, soft, invalidate });
  }

  cut(lost: boolean): void {
    this.#client.cut(lost);
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}
