import { type LocalRedis, spawnRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import { scripts } from '../../src/scripts.ts';
import { Ears } from './ears.ts';
import { GatedRedis } from './gate.ts';

/** Of the processes. */
export const NAMES = ['A', 'B', 'C'] as const;
export type Name = (typeof NAMES)[number];

/** What can be lost, as names of keys look. */
const LOSSES = { entries: '*:e:*', epochs: '*:t:*', log: '*:i', locks: '*:l:*', everything: '*' };
export type Loss = keyof typeof LOSSES;
export const LOSABLE = Object.keys(LOSSES) as Loss[];

/** A full one takes nothing in, and forgets what it is told to; an unwritable one answers, and does neither. */
const HEALTHS = {
  well: ['maxmemory', '0', 'min-replicas-to-write', '0'],
  full: ['maxmemory', '1', 'min-replicas-to-write', '0'],
  unwritable: ['maxmemory', '0', 'min-replicas-to-write', '1'],
} as const;
export type Health = keyof typeof HEALTHS;

/** A Redis with nothing else in it, and clients for as many processes as there are at most. */
export class World {
  readonly clients: readonly GatedRedis[];
  readonly #server: LocalRedis;
  readonly #redis: Redis;
  readonly #ears: Ears;
  #health: Health = 'well';

  private constructor(server: LocalRedis, redis: Redis, ears: Ears, clients: readonly GatedRedis[]) {
    this.#server = server;
    this.#redis = redis;
    this.#ears = ears;
    this.clients = clients;
  }

  static async start(): Promise<World> {
    const server = await spawnRedis();
    const redis = new Redis(server.url);
    const ears = new Ears(redis);
    const clients = NAMES.map((name) => new GatedRedis(name, server.url, ears));
    for (const client of clients) client.setMaxListeners(0);
    await Promise.all(clients.map((client) => new Promise((ready) => client.once('ready', ready))));
    // So that the first story is no other than the next.
    for (const { source } of Object.values(scripts)) await redis.script('LOAD', source);
    return new World(server, redis, ears, clients);
  }

  /** As it is evicted, or runs out: whatever the server refuses otherwise. */
  async lose(what: Loss): Promise<void> {
    await this.#redis.config('SET', ...HEALTHS.well);
    const names = await this.#redis.keys(LOSSES[what]);
    if (names.length > 0) await this.#redis.del(names);
    await this.be(this.#health);
  }

  async be(health: Health): Promise<void> {
    this.#health = health;
    await this.#redis.config('SET', ...HEALTHS[health]);
  }

  /** As it was at first, whatever has been left behind. */
  async reset(): Promise<void> {
    this.#ears.close();
    await this.be('well');
    await this.#redis.flushall();
  }

  async stop(): Promise<void> {
    for (const client of [this.#redis, ...this.clients]) client.disconnect();
    await this.#server.stop();
  }
}
