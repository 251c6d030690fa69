import type { Redis } from 'ioredis';
import { open, valueEntry } from './store.ts';

const TAG = (i: number) => `t:product:${String(i).padStart(6, '0')}`;

async function usage(redis: Redis, pattern: string): Promise<number> {
  let bytes = 0;
  for await (const names of redis.scanStream({ match: pattern, count: 1000 }) as AsyncIterable<string[]>)
    for (const name of names) bytes += (await redis.memory('USAGE', name)) ?? 0;
  return bytes;
}

/** Of an entry, of a tag once, and of an invalidation. */
export async function bytesOfTags(url: string): Promise<string[]> {
  const namespace = `bench-bytes-${process.pid}`;
  const { store, redis, close } = await open(url, namespace);
  const sizes: number[] = [];
  for (const count of [0, 1, 10, 60]) {
    const tags = ['n:', ...Array.from({ length: count }, (_, i) => TAG(i))];
    await (await store.snapshot(tags)).set(valueEntry('key', tags, 1024));
    sizes.push(await usage(redis, `larder:${namespace}:1:e:*`));
  }
  const epochs = await usage(redis, `larder:${namespace}:1:t:*`);
  const log = () => usage(redis, `larder:${namespace}:1:i`);
  const before = await log();
  for (let i = 0; i < 1000; i += 1) await store.invalidate([TAG(i)]);
  const invalidation = ((await log()) - before) / 1000;
  await close();
  const perTag = (sizes[3]! - sizes[0]!) / 60;
  return [
    `in an entry: ${perTag.toFixed(0)} a tag of 16 characters (of 1 KB, ${sizes.join(', ')} with 0, 1, 10, 60 tags)`,
    `for a tag, once, whatever carries it: ${(epochs / 61).toFixed(0)}`,
    `for an invalidation, in the log, which keeps about 10,000: ${invalidation.toFixed(0)}`,
  ];
}
