import { type LocalRedis, type Overheard, overhear, spawnRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, vi } from 'vitest';
import type { Setup } from './process.ts';
import { type AtEnd, PATIENCE, poll, type Shop, startShop } from './shop.ts';

export interface Rig {
  readonly redis: LocalRedis;
  /** The test's own eyes on it. */
  readonly client: Redis;
  readonly namespace: string;
  readonly one: Shop;
  readonly two: Shop;
  readonly shops: readonly Shop[];
  keys(kind: 'e' | 'l' | 't'): Promise<string[]>;
  /** The tokens of the locks that are held, each with a `+` where somebody waits for it. */
  locks(): Promise<string[]>;
  /** Resolves once somebody in another process waits for the one fill that is under way. */
  contended(): Promise<void>;
}

export interface RigOptions extends Partial<Omit<Setup, 'redis' | 'namespace'>> {
  readonly processes?: number;
  /** Makes the server ready for them, and says where they find it. Absent: they find it as it is. */
  readonly place?: (redis: LocalRedis, client: Redis) => Promise<Setup['redis']>;
}

// Processes are started on a machine that may be busy with others; what is to be seen is waited for, and not timed.
vi.setConfig({ testTimeout: 90_000 });

let rigs = 0;

/** Shops in processes of their own, for one test that harms them. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const made = await open(options, onTestFinished);
  await begin(made);
  onTestFinished(() => end(made));
  return made;
}

/** For all tests of a file, which leave them as they were. */
export function sharedRig(options: RigOptions = {}): () => Rig {
  const ends: (() => unknown)[] = [];
  let made: Rig;
  beforeAll(async () => {
    made = await open(options, (end) => void ends.unshift(end));
  });
  beforeEach(() => begin(made));
  afterEach(() => end(made));
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return () => made;
}

async function begin({ shops }: Rig): Promise<void> {
  for (const shop of shops) await shop.begin();
}

async function end({ shops }: Rig): Promise<void> {
  for (const shop of shops.filter(({ alive }) => alive)) await shop.end();
}

/** On one Redis: they share what they store, and hear of each other's fills. */
async function open({ processes = 2, place, ...given }: RigOptions, atEnd: AtEnd): Promise<Rig> {
  const redis = await spawnRedis();
  atEnd(() => redis.stop());
  const client = await clientOf(redis, atEnd);
  rigs += 1;
  const namespace = `faults-${process.pid}-${rigs}`;
  const setup: Setup = {
    redis: (await place?.(redis, client)) ?? redis.url,
    namespace,
    policy: { ttl: 600 },
    // Whoever is to be told, and is not, waits for longer than a test may take.
    fills: { waitTimeout: 3600, fillTimeout: 3600 },
    mortal: false,
    ...given,
  };
  const shops = await Promise.all(Array.from({ length: processes }, () => startShop(setup, atEnd)));
  await untilSharing(shops, client, namespace);
  const keys = (kind: string) => client.keys(`larder:${namespace}:1:${kind}:*`);
  const locks = async () => {
    const names = await keys('l');
    const held = names.length === 0 ? [] : await client.mget(names);
    return held.filter((token) => token !== null);
  };
  return {
    redis,
    client,
    namespace,
    shops,
    one: shops[0]!,
    two: shops[1]!,
    keys,
    locks,
    contended: () => poll(locks).toEqual([expect.stringMatching(/\+$/)]),
  };
}

export async function clientOf(
  redis: Pick<LocalRedis, 'url'>,
  atEnd: AtEnd = onTestFinished,
): Promise<Redis> {
  const client = new Redis(redis.url);
  // Tests kill its server.
  client.on('error', () => {});
  atEnd(() => client.disconnect());
  await client.ping();
  return client;
}

/** Everything that Redis is told from now on, a command each. */
export async function toldTo({ url }: Pick<LocalRedis, 'url'>): Promise<Overheard['commands']> {
  const { commands, stop } = await overhear(url);
  onTestFinished(stop);
  return commands;
}

/** A process connects to Redis in its own time; from then on it finds there what others stored, and hears of fills. */
export async function untilSharing(shops: readonly Shop[], client: Redis, namespace: string): Promise<void> {
  const [first, ...others] = shops;
  let round = 0;
  const sharing = async () => {
    round += 1;
    const path = `/round-${round}`;
    const own = shops.map((shop) => shop.ask(`${path}-${shop.pid}`));
    await first!.ask(path);
    const found = await Promise.all(others.map((shop) => shop.ask(path)));
    await Promise.all(own);
    const [, hearing] = await client.pubsub('NUMSUB', `larder:${namespace}:1:f`);
    return hearing === shops.length && found.every((reply) => reply.x === 'HIT');
  };
  // Before the first test, where nothing can be expected yet.
  await vi.waitFor(async () => {
    if (!(await sharing())) throw new Error('the processes do not share what they store');
  }, PATIENCE);
}
