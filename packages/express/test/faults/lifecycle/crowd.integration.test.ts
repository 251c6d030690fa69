import { connect } from 'node:net';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { amount } from '../support/intensity.ts';
import { rig } from '../support/rig.ts';
import { poll, type Shop, textOf, times } from '../support/shop.ts';

const MIB = 1024 * 1024;
const MAX_BYTES = MIB;
/** What a process has more or less of after the same work, by chance. */
const SLACK = amount(MIB, 16 * MIB);

const SOCKETS = 16;
const BATCH = 4000;

/** Asks for all of them on one connection, without waiting for one answer before the next is asked for. */
async function askInARow(shop: Shop, paths: readonly string[]): Promise<void> {
  const { host, port, headers } = shop.options('/');
  const socket = connect(Number(port), String(host));
  const asking = paths.map((path, i) => {
    const connection = i === paths.length - 1 ? 'close' : 'keep-alive';
    return `GET ${path} HTTP/1.1\r\nHost: ${headers.Host}\r\nConnection: ${connection}\r\n\r\n`;
  });
  socket.write(asking.join(''));
  const text = await textOf(socket);
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found);
  expect(all(/HTTP\/1\.1 (\d+) /g)).toEqual(paths.map(() => '200'));
  expect(all(/^X-Cache: (\w+)\r$/gm)).toEqual(paths.map(() => 'MISS'));
  expect(all(/"path":"([^"]+)"/g)).toEqual(paths);
}

/** Each path once. */
async function askAll(shop: Shop, kind: string, count: number): Promise<void> {
  for (let asked = 0; asked < count; asked += BATCH) {
    const path = (i: number) => `/${kind}-${String(asked + i).padStart(8, '0')}`;
    const paths = times(Math.min(BATCH, count - asked), path);
    const rows = times(SOCKETS, (n) => paths.filter((_, i) => i % SOCKETS === n));
    await Promise.all(rows.map((row) => askInARow(shop, row)));
    await shop.call('forget');
  }
}

/** Garbage may be among it. */
async function held(shop: Shop): Promise<number> {
  await shop.quiet();
  const { heapUsed, external } = await shop.call('memory');
  return heapUsed + external;
}

async function withoutEnd(client: Redis): Promise<string[]> {
  const endless: string[] = [];
  for await (const names of client.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
    const ends = await Promise.all(names.map((name) => client.pttl(name)));
    endless.push(...names.filter((_, i) => ends[i] === -1));
  }
  return endless;
}

it('F54: a crowd of keys, each asked for once, leaves no more behind than memory may have, and nothing in Redis for ever', {
  timeout: amount(90_000, 2 * 3_600_000),
}, async () => {
  const { one, client, locks } = await rig({
    processes: 1,
    memory: { maxBytes: MAX_BYTES },
    async place({ url }, client) {
      await client.config('SET', 'maxmemory', '256mb');
      await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
      return url;
    },
  });
  await askAll(one, 'first', amount(1500, 100_000));
  const before = await held(one);
  await askAll(one, 'later', amount(3000, 800_000));
  await poll(() => held(one)).toBeLessThan(before + SLACK);
  const { memory } = await one.call('told');
  expect(memory.mostBytes).toBeLessThanOrEqual(MAX_BYTES);
  expect(memory.mostBytes).toBeGreaterThan(0.9 * MAX_BYTES);

  // For nobody else: what is remembered of them is that, and not of all.
  await one.call('behave', 'is private');
  await askAll(one, 'private', amount(1000, 100_000));
  await poll(() => held(one)).toBeLessThan(before + SLACK);
  await one.call('behave', 'answers');
  await poll(locks).toEqual([]);
  expect(await withoutEnd(client)).toEqual([]);
});
