import { parseArgs } from 'node:util';
import type { Entry, SharedContext, Store } from '@larder/core';
import { systemClock } from '@larder/core';
import { type Pipelining, redisTier } from '@larder/redis';
import { startRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import { median } from './median.ts';

/** What sharing a round trip is worth: hits in Redis one after the other, and many at a time. */
const { values } = parseArgs({
  options: { reads: { type: 'string', default: '20000' }, rounds: { type: 'string', default: '5' } },
});
const [reads, rounds] = [Number(values.reads), Number(values.rounds)];
const CONCURRENT = [1, 10, 50, 200];
const WAYS = [
  ['call', {}, 'a pipeline for each call (the baseline)'],
  ['tick', {}, 'one for all that is asked before anything else is done'],
  ['loop', {}, 'one for each turn of the event loop'],
  ['call', { enableAutoPipelining: true }, "each call, on a client with ioredis' auto-pipelining"],
] as const satisfies readonly (readonly [Pipelining, object, string])[];

const redis = await startRedis();
const namespace = `bench-${process.pid}`;
const retainUntil = Date.now() + 3_600_000;
const times = {
  freshUntil: retainUntil,
  staleWhileRevalidateUntil: retainUntil,
  staleIfErrorUntil: retainUntil,
};
const entry: Entry = {
  key: 'key',
  tags: ['n:', 't:a', 't:b'],
  retainUntil,
  payload: { kind: 'value', ...times, costMs: 1, body: Buffer.alloc(1024, 'x') },
};

const context: SharedContext = { namespace, clock: systemClock, observe() {}, off() {}, forgot() {} };
const clients: Redis[] = [];
async function open(pipelining: Pipelining, options: object): Promise<Store> {
  const client = new Redis(redis.url, {
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    ...options,
  });
  clients.push(client);
  await client.ping();
  return redisTier(client, { pipelining }).open(context).store;
}

/** So many reads, so many of them at a time: reads a second. */
async function rate(store: Store, concurrent: number): Promise<number> {
  let left = reads;
  const began = process.hrtime.bigint();
  const reader = async () => {
    while (left > 0) {
      left -= 1;
      if ((await store.get(entry.key, entry.tags)) === undefined) throw new Error('not a hit');
    }
  };
  await Promise.all(Array.from({ length: concurrent }, reader));
  return reads / (Number(process.hrtime.bigint() - began) / 1e9);
}

const stores = await Promise.all(WAYS.map(([pipelining, options]) => open(pipelining, options)));
await (await stores[0]!.snapshot(entry.tags)).set(entry);
const rates = new Map<string, number[]>();
// In turns, so that what else the machine does falls on all alike; the first round warms up.
for (let round = 0; round <= rounds; round += 1) {
  for (const concurrent of CONCURRENT) {
    for (const [i, store] of stores.entries()) {
      const result = await rate(store, concurrent);
      const name = `${i} ${concurrent}`;
      if (round > 0) rates.set(name, [...(rates.get(name) ?? []), result]);
    }
  }
}

console.log(
  `\nHits of 1 KB with three tags, ${rounds} rounds of ${reads} reads, median of each to the baseline:\n`,
);
console.log(`${CONCURRENT.map((concurrent) => `${concurrent} at a time`.padStart(14)).join('')}`);
for (const [i, [, , name]] of WAYS.entries()) {
  const ratios = CONCURRENT.map((concurrent) => {
    const ratio = median(rates.get(`${i} ${concurrent}`)!) / median(rates.get(`0 ${concurrent}`)!);
    return `${ratio.toFixed(2)} ×`.padStart(14);
  });
  console.log(`${ratios.join('')}   ${name}`);
}

for (const client of clients) client.disconnect();
await redis.stop();
