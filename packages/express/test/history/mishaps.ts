import { SILENCE } from '@larder/servers';
import { mishaps as others, type Scene } from '../faults/lifecycle/mishaps.ts';
import { times } from '../faults/support/shop.ts';
import { type Random, shuffled } from './random.ts';
import type { Shop } from './shop.ts';
import { anItem, type Traffic } from './traffic.ts';
import type { World } from './world.ts';

type Heal = () => unknown;

export interface Stage extends World {
  readonly traffic: Traffic;
  readonly random: Random;
  /** Whom it befalls, where it is not all of them. */
  readonly one: Shop;
}

export interface Mishap {
  readonly name: string;
  happen(stage: Stage): Promise<Heal>;
}

/** Those of the soak that are about Redis, and look at nothing else of their scene. */
const OF_REDIS = others.filter(([name]) => name !== 'the cache is off' && name !== 'handlers fail');

const borrowed: Mishap[] = OF_REDIS.map(([name, happen]) => ({
  name,
  happen: ({ redis, client, shops }) => {
    const proxy = {
      cut: () => shops.forEach((shop) => void shop.proxy.cut()),
      impose(faults: Parameters<Shop['proxy']['impose']>[0]) {
        const lifts = shops.map((shop) => shop.proxy.impose(faults));
        return () => lifts.forEach((lift) => void lift());
      },
    };
    return happen({ redis, client, proxy } as Scene);
  },
}));

/** Once at the beginning and once at the end. */
async function twice(action: () => Promise<unknown>): Promise<Heal> {
  await action();
  return action;
}

async function loseEpochs({ client, namespace, random }: Stage): Promise<void> {
  const names = await client.keys(`larder:${namespace}:1:t:*`);
  await Promise.all(names.filter(() => random() < 0.3).map((name) => client.del(name)));
}

async function leaveAlone({ one }: Stage): Promise<Heal> {
  one.proxy.refuse();
  one.proxy.cut();
  return () => one.proxy.accept();
}

async function killOne({ one }: Stage): Promise<Heal> {
  await one.kill();
  return () => one.start();
}

async function stopOne({ one }: Stage): Promise<Heal> {
  one.signal('SIGSTOP');
  return () => one.signal('SIGCONT');
}

/** Of several writes at a time some are committed, some are not, and none is answered. */
async function dieWriting({ one, traffic, random }: Stage): Promise<Heal> {
  const ended = one.ended();
  const writes = times(4, () => {
    const item = anItem(random);
    return traffic.write(one, 'outbox', item, `/item/${item}/transaction/crash`);
  });
  await Promise.all([ended, ...writes]);
  return () => one.start();
}

const own: Mishap[] = Object.entries<Mishap['happen']>({
  'its log is deleted': ({ client, namespace }) => twice(() => client.del(`larder:${namespace}:1:i`)),
  'epochs are deleted': (stage) => twice(() => loseEpochs(stage)),
  'its subscribers are cut': ({ client }) => twice(() => client.client('KILL', 'TYPE', 'pubsub')),
  'one cannot reach it': leaveAlone,
  'one is not answered': async ({ one }) => one.proxy.impose(SILENCE),
  'one is answered late': async ({ one }) => one.proxy.impose({ replies: { delayMs: 300 } }),
  'one is heard late': async ({ one }) => one.proxy.impose({ requests: { delayMs: 100 } }),
  'one is killed': killOne,
  'one stands still': stopOne,
}).map(([name, happen]) => ({ name, happen }));

/** One round of them: a death behind a commit, which always is among them, and then so many others in any order. */
export const someOf = (count: number, random: Random): Mishap[] => [
  { name: 'one dies behind its commit', happen: dieWriting },
  ...shuffled([...borrowed, ...own], random).slice(0, count),
];
