import { Agent } from 'node:http';
import { onTestFinished } from 'vitest';
import { microseconds } from '../faults/lifecycle/history.ts';
import { poll, times } from '../faults/support/shop.ts';
import type { How } from './check.ts';
import { oneOf, type Random, seeded } from './random.ts';
import type { Shop } from './shop.ts';
import { WRITE } from './words.ts';
import { ITEMS, type World } from './world.ts';

const CLIENTS_A_SHOP = 5;
/** The share of requests that write. */
const WRITES = 0.05;
const STRICT = 0.25;
/** Of what is written, the share that is written again at once. */
const AGAIN = 0.5;

const PATHS: Record<How, (item: number) => string> = {
  route: (item) => `/item/${item}`,
  call: (item) => `/item/${item}/call`,
  soft: (item) => `/item/${item}/soft`,
  barrier: (item) => `/item/${item}/barrier`,
  outbox: (item) => `/item/${item}/transaction/alive`,
};
/** As often as they stand here. A barrier takes a second. */
const HOWS: readonly How[] = [
  'route',
  'route',
  'route',
  'call',
  'call',
  'call',
  'soft',
  'soft',
  'outbox',
  'outbox',
  'barrier',
];

/** Some are wanted all the time, and some now and then. */
export const anItem = (random: Random): number => Math.floor(random() ** 2 * ITEMS);

/** Clients that read and write at random, each as soon as it is answered. */
export class Traffic {
  readonly #world: World;
  // Long before a server hangs up on who says nothing: he might just be about to.
  readonly #agent = new Agent({ keepAlive: true, timeout: 1000 });
  readonly #clients: Promise<unknown>;
  /** Of writes whose answer never came. */
  readonly #deliveries: Promise<void>[] = [];
  readonly #looking = new Set<Promise<void>>();
  #over = false;

  constructor(world: World, seed: number) {
    this.#world = world;
    const clients = times(CLIENTS_A_SHOP * world.shops.length, (i) =>
      this.#client(world.shops[i % world.shops.length]!, seeded(seed + i)),
    );
    this.#clients = Promise.all(clients);
    this.#clients.catch(() => {});
    onTestFinished(() => {
      this.#over = true;
      this.#agent.destroy();
    });
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#clients;
    await Promise.all(this.#looking);
  }

  /** Resolves once somebody was asked, and has answered, more than so many µs from now. */
  async goesOn(us: number): Promise<void> {
    const { shops, journal } = this.#world;
    const until = microseconds() + us;
    const latest = () => Math.max(...shops.map(({ name }) => journal.last(name)));
    await this.#unlessItFails(poll(latest).toBeGreaterThan(until));
  }

  /** Resolves once all of them give again what they keep, and what was committed behind a death is delivered. */
  async recovered(): Promise<void> {
    const { shops, journal } = this.#world;
    const since = microseconds();
    const leastHit = () => Math.min(...shops.map(({ name }) => journal.last(name, 'hit')));
    await this.#unlessItFails(poll(leastHit).toBeGreaterThan(since));
    await Promise.all(this.#deliveries.splice(0));
  }

  async write(shop: Shop, how: How, item: number, path = PATHS[how](item)): Promise<void> {
    const { journal } = this.#world;
    const id = journal.write(shop.name, item, how);
    try {
      const { status, version } = await shop.ask('PUT', path, this.#agent, { [WRITE]: id });
      if (status === 200) journal.acknowledged(id, version);
      else journal.failures.push(`${status} for PUT ${path}, ${journal.during}`);
    } catch {
      journal.cut += 1;
      if (how === 'outbox') this.#deliveries.push(this.#delivery(id));
    }
  }

  async #delivery(id: string): Promise<void> {
    const { committed, waiting, journal } = this.#world;
    const version = await committed(id);
    if (version === undefined) return;
    await poll(() => waiting(id)).toBe(false);
    journal.delivered(id, version);
  }

  async #read(shop: Shop, item: number, strict: boolean): Promise<void> {
    const { journal } = this.#world;
    const path = `/${strict ? 'strict' : 'item'}/${item}`;
    const answered = journal.read({ process: shop.name, item, strict });
    try {
      const { status, version, x } = await shop.ask('GET', path, this.#agent);
      if (status === 200) answered(version, x);
      else journal.failures.push(`${status} for GET ${path}, ${journal.during}`);
    } catch {
      journal.cut += 1;
    }
  }

  async #client(shop: Shop, random: Random): Promise<void> {
    while (!this.#over) {
      await shop.opened;
      const item = anItem(random);
      if (random() < WRITES) await this.#rewrite(shop, item, random);
      else await this.#read(shop, item, random() < STRICT);
    }
  }

  /** Everybody looks at what was written, and may find it written again before they have answered. */
  async #rewrite(shop: Shop, item: number, random: Random): Promise<void> {
    await this.write(shop, oneOf(HOWS, random), item);
    for (const each of this.#world.shops) {
      // Nobody waits for it: there may be one among them that stands still.
      const looking = this.#read(each, item, random() < STRICT).finally(() => this.#looking.delete(looking));
      this.#looking.add(looking);
    }
    if (random() < AGAIN) await this.write(shop, oneOf(HOWS, random), item);
  }

  #unlessItFails(waiting: Promise<unknown>): Promise<unknown> {
    return Promise.race([waiting, this.#clients]);
  }
}
