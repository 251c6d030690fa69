import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redisTier } from '@larder/redis';
import { spawnRedis } from '@larder/servers';
import express from 'express';
import type { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLarder } from '../../src/index.ts';
import { exchange, later, text, x } from '../support/shop.ts';
import { PATIENT } from './support/patient.ts';
import { clientOf } from './support/rig.ts';
import { PATIENCE, poll } from './support/shop.ts';

vi.setConfig({ testTimeout: 90_000 });

/** What there is of a route in Redis, one of them by one: its entry, the epochs of its tags, its lock, the log. */
const KEYS = ['e:0', 't:0', 't:1', 't:2', 't:3', 'l:0', 'i:0'] as const;

/** What the handlers answer from, and what of it nobody may be given any more. */
interface Truth {
  version: number;
  invalidated: number;
  /** Of handlers that have read, and are not let answer yet. */
  held: Promise<void> | undefined;
}

/** An app without a memory of its own: it has what Redis has. It names one of its tags only when it has read. */
async function shopOf(redisUrl: string, namespace: string, truth: Truth) {
  let reading = later();
  const larder = createLarder({ namespace, memory: false, redis: redisTier(redisUrl, PATIENT) });
  const app = express().set('etag', false);
  app.get('/a', larder.cacheResponse({ ttl: 600, tags: ['thing'] }), async (_req, res) => {
    const { version, held } = truth;
    reading.resolve();
    await held;
    res.cache?.tag('late');
    res.json({ version });
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await larder.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    /** Fails where what it gets was invalidated before it asked. */
    async ask(): Promise<string> {
      const { invalidated } = truth;
      const headers = { Host: 'shop.example' };
      const answer = await exchange({ host: '127.0.0.1', port, path: '/a', headers, agent: false });
      expect(answer.status).toBe(200);
      expect(JSON.parse(text(answer)).version).toBeGreaterThanOrEqual(invalidated);
      return x(answer);
    },
    /** Resolves once its handler has read. */
    async reads(): Promise<void> {
      await reading.promise;
      reading = later();
    },
    async change(tag: 'thing' | 'late'): Promise<void> {
      truth.version += 1;
      expect(await larder.cache.invalidate(tag)).toEqual({ state: 'done' });
      truth.invalidated = truth.version;
    },
  };
}

/** A story in steps, between any two of which a key may go. */
async function story(redisUrl: string, redis: Redis, namespace: string) {
  const truth: Truth = { version: 1, invalidated: 1, held: undefined };
  const [one, two] = [await shopOf(redisUrl, namespace, truth), await shopOf(redisUrl, namespace, truth)];
  const gate = later();
  const asking: Promise<string>[] = [];
  const settled = () => poll(() => redis.keys(`larder:${namespace}:*:l:*`)).toEqual([]);
  const steps: (() => Promise<unknown>)[] = [
    () => one.ask().then(settled),
    () => two.ask(),
    () => two.change('thing'),
    async () => {
      truth.held = gate.promise;
      one.reads().catch(() => {});
      asking.push(one.ask());
      await one.reads();
      truth.held = undefined;
    },
    // Of which the one that is held, and says so only later, knows nothing.
    () => two.change('late'),
    async () => {
      asking.push(two.ask());
    },
    async () => {
      gate.resolve();
      await Promise.all(asking);
      await settled();
    },
    () => two.ask(),
    () => one.ask(),
    () => one.change('late'),
    () => two.ask().then(settled),
  ];
  return { one, two, steps, settled };
}

async function lose(redis: Redis, namespace: string, key: string): Promise<number> {
  const [kind, index] = key.split(':');
  const names = await redis.keys(`larder:${namespace}:*:${kind}${kind === 'i' ? '' : ':*'}`);
  const name = names.sort()[Number(index)];
  return name === undefined ? 0 : redis.del(name);
}

it(
  'F21: a key that is lost, whichever it is and whenever, makes misses, and nothing stale',
  async () => {
    const server = await spawnRedis();
    onTestFinished(() => server.stop());
    const redis = await clientOf(server);
    const lost = new Map<string, number>();
    const stories = KEYS.flatMap((key) => Array.from({ length: 11 }, (_, step) => ({ key, step })));
    const work = async () => {
      for (let next = stories.shift(); next !== undefined; next = stories.shift()) {
        const { key, step } = next;
        const namespace = `lost-${process.pid}-${key.replace(':', '-')}-${step}`;
        const { one, two, steps, settled } = await story(server.url, redis, namespace);
        for (const [i, act] of steps.entries()) {
          await act();
          if (i === step) lost.set(key, (lost.get(key) ?? 0) + (await lose(redis, namespace, key)));
        }
        // It is whole again, whatever it was.
        await one.ask();
        await settled();
        expect([key, step, await one.ask(), await two.ask()]).toEqual([key, step, 'HIT', 'HIT']);
      }
    };
    await Promise.all([work(), work(), work(), work(), work(), work()]);
    // Each of them was there to be lost at least once.
    expect([...lost].filter(([, times]) => times === 0)).toEqual([]);
    expect(lost.size).toBe(KEYS.length);
  },
  PATIENCE.timeout * 4,
);
