import { Cache, type Clock, decodeFrame, type Framed, type Observer } from '@larder/core';
import { type RecordingObserver, recordingObserver } from '@larder/core/testing';
import type { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { type RedisTierOptions, redisTier } from '../../src/index.ts';
import { client, namespace, redisUrl } from './tier.ts';

/** A cache, and what it holds in Redis. */
export interface Resting {
  readonly cache: Cache;
  readonly redis: Redis;
  readonly observer: RecordingObserver;
  /** The value of a key, which says whose it is and which load made it; once it is stored. */
  ask(key?: string): Promise<string>;
  /** Names in Redis of a kind: `e` entries, `t` epochs of tags, `l` locks. */
  names(kind: 'e' | 't' | 'l'): Promise<string[]>;
  /** Where the one entry lies. */
  place(): Promise<string>;
  /** What lies there. */
  bytes(): Promise<Buffer>;
  framed(): Promise<Framed>;
}

/** Of all caches, so that no two values are the same. */
let loads = 0;

interface Options extends RedisTierOptions {
  readonly in?: string;
  readonly clock?: Clock;
  readonly memory?: false;
}

/** Real time, and calls that may take long: a busy machine is another fault than what lies in Redis. */
export async function resting(options: Options = {}): Promise<Resting> {
  const { in: space = namespace('at-rest'), clock, memory, ...tier } = options;
  const observer = recordingObserver();
  const redis = await client();
  const cache = await connected(observer.observe, (observe) => ({
    namespace: space,
    redis: redisTier(redisUrl(), { commandTimeoutMs: 20_000, ...tier }),
    observe,
    ...(clock && { clock }),
    ...(memory === false && { memory }),
  }));
  const names = (kind: string) => redis.keys(`larder:${space}:*:${kind}:*`);
  const place = async () => {
    const [name, ...more] = await names('e');
    expect(more).toEqual([]);
    return name!;
  };
  const bytes = async () => (await redis.getBuffer(await place()))!;
  return {
    cache,
    redis,
    observer,
    names,
    place,
    bytes,
    async framed() {
      const framed = decodeFrame(await bytes());
      if (typeof framed === 'string') throw new Error(framed);
      return framed;
    },
    async ask(key = 'key') {
      const before = loads;
      const value = await cache.getOrSet(key, { ttl: 60, tags: ['tag'] }, () => {
        loads += 1;
        return `${key}, load ${loads}`;
      });
      // Nobody waits for what is loaded to be stored, but for its lock to be given back, which is after that.
      if (loads > before) await expect.poll(() => names('l'), { timeout: 20_000, interval: 1 }).toEqual([]);
      return value;
    },
  };
}

/** A connection of the tier's own refuses commands until it stands. */
function connected(
  observe: Observer,
  optionsFor: (observe: Observer) => ConstructorParameters<typeof Cache>[0],
): Promise<Cache> {
  return new Promise((resolve) => {
    const cache = new Cache(
      optionsFor((event) => {
        observe(event);
        if (event.type === 'connection') resolve(cache);
      }),
    );
    onTestFinished(() => cache.close());
  });
}
