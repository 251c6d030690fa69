import { type LocalRedis, refuseWrites, spawnRedis, type TcpProxy } from '@larder/servers';
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { Rig } from '../support/rig.ts';
import type { Shop } from '../support/shop.ts';

/** What happens to shops that reach their Redis through a proxy. */
export interface Scene extends Rig {
  readonly proxy: TcpProxy;
}

type Heal = () => unknown;

async function set(client: Redis, name: string, wrong: string, right: string): Promise<Heal> {
  await client.config('SET', name, wrong);
  return () => client.config('SET', name, right);
}

async function kill(redis: LocalRedis): Promise<Heal> {
  await redis.kill('SIGKILL');
  return async () => {
    const { stop, kill } = await spawnRedis({ port: redis.port });
    onTestFinished(stop);
    // It is in its place from now on.
    Object.assign(redis, { kill });
  };
}

async function stall(redis: LocalRedis): Promise<Heal> {
  await redis.kill('SIGSTOP');
  return () => redis.kill('SIGCONT');
}

async function occupy(client: Redis): Promise<Heal> {
  await client.config('SET', 'lua-time-limit', '1');
  const script = client.duplicate();
  script.on('error', () => {});
  script.eval('while true do end', 0).catch(() => {});
  return async () => {
    // Nothing runs yet, or nothing any more.
    await client.script('KILL').catch(() => {});
    script.disconnect();
  };
}

async function spoil(client: Redis): Promise<Heal> {
  const names = await client.keys('larder:*');
  for (const name of names) await client.multi().del(name).lpush(name, 'x').exec();
  return () => {};
}

async function fail({ shops }: Scene): Promise<Heal> {
  for (const shop of shops) await shop.call('behave', 'throws');
  return async () => {
    for (const shop of shops) await shop.call('behave', 'answers');
  };
}

/** Until that has come to everybody: of two who turn it at a time the one that is heard later has the last word. */
async function turn(shop: Shop, on: boolean): Promise<void> {
  while ((await shop.call('turn', on)).state === 'pending');
}

async function turnOff({ one, two }: Scene): Promise<Heal> {
  await turn(one, false);
  return () => turn(two, true);
}

export type Mishap = readonly [name: string, happen: (scene: Scene) => Promise<Heal>];

/** Each begins something, and gives what ends it. What is most unlike the others comes first. */
export const mishaps: readonly Mishap[] = Object.entries({
  'it is killed': ({ redis }) => kill(redis),
  'it takes no writes': ({ redis }) => refuseWrites(redis),
  'it hangs': ({ redis }) => stall(redis),
  'its connections are cut': async ({ proxy }) => {
    proxy.cut();
    return () => {};
  },
  'the cache is off': turnOff,
  'handlers fail': fail,
  'it is full': ({ client }) => set(client, 'maxmemory', '1', '0'),
  'it is a replica': async ({ client }) => {
    await client.call('REPLICAOF', '127.0.0.1', '1');
    return () => client.call('REPLICAOF', 'NO', 'ONE');
  },
  'it is busy': ({ client }) => occupy(client),
  'it has forgotten scripts': async ({ client }) => {
    await client.script('FLUSH');
    return () => {};
  },
  'it is emptied': async ({ client }) => {
    await client.flushall();
    return () => {};
  },
  'its keys are of another type': ({ client }) => spoil(client),
  'it is far away': async ({ proxy }) => proxy.impose({ replies: { delayMs: 40 } }),
  'it says nothing': async ({ proxy }) => proxy.impose({ replies: { hold: true } }),
} satisfies Record<string, Mishap[1]>);
