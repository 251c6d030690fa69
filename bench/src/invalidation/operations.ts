import { Cache, type CacheOptions } from '@larder/core';
import { redisTier } from '@larder/redis';
import { tcpProxy } from '@larder/servers';
import { median } from '../median.ts';
import { timed } from './store.ts';

export interface Row {
  readonly what: string;
  /** How often somebody waits for Redis. */
  readonly trips: number;
  readonly microseconds: number;
  readonly isBaseline: boolean;
}

/** Long against everything else that takes time, so that it can be counted in what an operation takes. */
const FAR_MS = 40;

const VALUE = { ttl: 3600, tags: ['product:7', 'category:tea'] };
const value = { id: 7, name: 'x'.repeat(1000) };

interface Operation {
  readonly what: string;
  readonly options: CacheOptions;
  readonly isBaseline?: boolean;
  run(cache: Cache, i: number): Promise<unknown>;
}

const OPERATIONS: readonly Operation[] = [
  {
    what: 'hit in memory',
    options: {},
    run: (cache) => cache.getOrSet('hit', VALUE, () => value),
  },
  {
    what: 'hit in Redis',
    options: { memory: false },
    isBaseline: true,
    run: (cache) => cache.getOrSet('hit', VALUE, () => value),
  },
  {
    what: "hit in memory, `coherence: 'strict'`",
    options: { coherence: 'strict' },
    run: (cache) => cache.getOrSet('hit', VALUE, () => value),
  },
  {
    what: 'fill, until the value is there',
    options: {},
    run: (cache, i) => cache.getOrSet(`fill ${i}`, VALUE, () => value),
  },
  {
    what: 'invalidation of a tag',
    options: {},
    run: (cache) => cache.invalidate('other'),
  },
  {
    what: 'invalidation of a tag, softly',
    options: {},
    run: (cache) => cache.invalidate('other', { soft: true }),
  },
  {
    what: 'invalidation of ten tags',
    options: {},
    run: (cache) => cache.invalidate(Array.from({ length: 10 }, (_, i) => `other ${i}`)),
  },
  {
    what: 'invalidation of everything',
    options: { namespace: `bench-all-${process.pid}` },
    run: (cache) => cache.invalidateAll(),
  },
];

/** A cache in which everything that is done once has been done. */
async function warm(url: string, { options, run }: Operation): Promise<Cache> {
  const redis = redisTier(url, { commandTimeoutMs: 10_000, budgetMs: 10_000 });
  const cache = new Cache({ namespace: `bench-ops-${process.pid}`, ...options, redis });
  while ((await cache.invalidate('warm')).state !== 'done')
    await new Promise((resolve) => setTimeout(resolve, 10));
  for (let i = -100; i < 0; i += 1) await run(cache, i);
  return cache;
}

export async function operations(url: string, rounds: number): Promise<Row[]> {
  const proxy = await tcpProxy(Number(new URL(url).port));
  const rows: Row[] = [];
  for (const operation of OPERATIONS) {
    const near = await warm(url, operation);
    const microseconds = median(await timed(rounds, (i) => operation.run(near, i)));
    await near.close();
    const far = await warm(proxy.url, operation);
    const heal = proxy.impose({ replies: { delayMs: FAR_MS } });
    const farMs = median(await timed(9, (i) => operation.run(far, rounds + i))) / 1000;
    heal();
    await far.close();
    const { what, isBaseline = false } = operation;
    rows.push({ what, trips: Math.floor(farMs / FAR_MS), microseconds, isBaseline });
  }
  await proxy.stop();
  return rows;
}
