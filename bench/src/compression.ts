import { parseArgs } from 'node:util';
import { startRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import { decodeFrame, encodeFrame, type Framed } from '../../packages/core/src/index.ts';
import { codecs } from '../../packages/redis/src/codecs.ts';
import {
  type Compression,
  type CompressionOptions,
  compressionOf,
} from '../../packages/redis/src/compression.ts';
import { BODIES } from './compression/bodies.ts';
import { median } from './median.ts';

/**
 * What compressing bodies on their way to Redis saves, and what it costs, against storing and reading them as they are:
 * pack, frame and SET; GET, unframe and unpack; one after the other, in turns, so that what else the machine does falls
 * on all alike. Redis is on the same machine: over a network, the bytes that are saved are time too.
 *
 *     pnpm bench:compression --rounds 200 --ways gzip-1,gzip-3,zstd-3
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, ways: { type: 'string' } },
});
const rounds = Number(values.rounds);
const LEVELS = { gzip: [1, 3, 6], br: [1, 4, 6], zstd: [1, 3, 6] } as const;

interface Way {
  readonly name: string;
  readonly compression: Compression;
}

const BASELINE: Way = { name: 'none', compression: compressionOf(undefined) };
const here = Object.entries(LEVELS).filter(([name]) => codecs[name as keyof typeof LEVELS] !== undefined);
const named = here.flatMap(([name, levels]) => levels.map((level) => `${name}-${level}`));
const ways = [BASELINE, ...(values.ways?.split(',') ?? named).map(wayOf)];

function wayOf(name: string): Way {
  const [algorithm, level] = name.split('-');
  const options = { algorithm, level: Number(level), threshold: 1 } as CompressionOptions;
  return { name, compression: compressionOf(options) };
}

const framedOf = (body: Buffer): Framed => {
  const until = Date.now() + 3_600_000;
  const times = { freshUntil: until, staleWhileRevalidateUntil: until, staleIfErrorUntil: until, costMs: 1 };
  return {
    entry: {
      key: 'bench',
      tags: ['t:bench'],
      retainUntil: until,
      payload: { kind: 'value', ...times, body },
    },
    epochs: ['epoch'],
  };
};

const redis = await startRedis();
const client = new Redis(redis.url);
const key = 'larder:bench-compression';

interface Round {
  readonly bytes: number;
  readonly storeMs: number;
  readonly readMs: number;
}

async function once({ compression }: Way, framed: Framed): Promise<Round> {
  const begunMs = performance.now();
  const frame = encodeFrame(await compression.pack(framed));
  await client.set(key, frame, 'PX', 60_000);
  const storedMs = performance.now();
  const found = decodeFrame((await client.getBuffer(key))!);
  const read = typeof found === 'string' ? found : await compression.unpack(found);
  if (typeof read === 'string') throw new Error(`what was stored cannot be read: ${read}`);
  return { bytes: frame.length, storeMs: storedMs - begunMs, readMs: performance.now() - storedMs };
}

/** So that none always comes behind the same other, whose garbage it would be the one to collect. */
const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

function report(name: string, measured: ReadonlyMap<Way, readonly Round[]>): void {
  const of = (way: Way, what: keyof Round) => median(measured.get(way)!.map((round) => round[what]));
  for (const way of ways) {
    const ratios = (['bytes', 'storeMs', 'readMs'] as const).map(
      (what) => of(way, what) / of(BASELINE, what),
    );
    console.log(`| ${name} | ${way.name} | ${ratios.map((ratio) => `${ratio.toFixed(2)} ×`).join(' | ')} |`);
  }
}

console.log(
  `Node ${process.version}, Redis: ${redis.how}, ${rounds} rounds, medians against no compression\n`,
);
console.log('| body | way | bytes in Redis | to store | to read |\n| --- | --- | --: | --: | --: |');
for (const [name, body] of BODIES) {
  const framed = framedOf(body);
  const measured = new Map(ways.map((way): [Way, Round[]] => [way, []]));
  for (let round = -3; round < rounds; round += 1) {
    for (const way of shuffled(ways)) {
      const one = await once(way, framed);
      if (round >= 0) measured.get(way)!.push(one);
    }
  }
  report(name, measured);
}

await client.del(key);
client.disconnect();
await redis.stop();
