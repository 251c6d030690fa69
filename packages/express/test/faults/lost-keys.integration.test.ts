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
import { poll, times } from './support/shop.ts';

vi.setConfig({ testTimeout: 90_000 });

/** What the handlers answer from, and what of it nobody may be given any more. */
interface Truth {
  version: number;
  invalidated: number;
  /** Handlers that have read wait for it before they answer. */
  held: Promise<void> | undefined;
}

/** An app without a memory of its own: it has what Redis has. It names one of its tags only when it has read. */
async function startApp(redisUrl: string, namespace: string, truth: Truth) {
  let reading = later();
  const connected = later();
  const larder = createLarder({
    namespace,
    memory: false,
    redis: redisTier(redisUrl, PATIENT),
    observe: ({ type }) => type === 'connection' && connected.resolve(),
  });
  const app = express().set('etag', false);
  app.get('/a', larder.cacheResponse({ ttl: 600, tags: ['thing'] }), async (_req, res) => {
    const { version, held } = truth;
    reading.resolve();
    await held;
    res.cache?.tag('late');
    res.json({ version });
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), connected.promise]);
  const { port } = server.address() as AddressInfo;
  const options = { host: '127.0.0.1', port, path: '/a', headers: { Host: 'shop.example' }, agent: false };
  return {
    /** Fails where what it gets was invalidated before it asked. */
    async ask(): Promise<string> {
      const { invalidated } = truth;
      const answer = await exchange(options);
      expect(answer.status).toBe(200);
      expect(JSON.parse(text(answer)).version).toBeGreaterThanOrEqual(invalidated);
      return x(answer);
    },
    /** Resolves once its handler reads the next time. */
    nextRead(): Promise<void> {
      reading = later();
      return reading.promise;
    },
    async change(tag: 'thing' | 'late'): Promise<void> {
      truth.version += 1;
      expect(await larder.cache.invalidate(tag)).toEqual({ state: 'done' });
      truth.invalidated = truth.version;
    },
    async stop(): Promise<void> {
      server.close();
      await larder.close();
    },
  };
}

/** Names in Redis that begin so: `e` entries, `t` epochs of tags, `l` locks, `i` the log. */
async function namesOf(redis: Redis, namespace: string, kind: string): Promise<string[]> {
  const base = `larder:${namespace}:1:`;
  return (await redis.keys(`${base}${kind}*`)).sort();
}

/** Two apps, and what happens to them in steps, between any two of which a key may go. */
async function story(redisUrl: string, redis: Redis, namespace: string) {
  const truth: Truth = { version: 1, invalidated: 1, held: undefined };
  const [one, two] = [await startApp(redisUrl, namespace, truth), await startApp(redisUrl, namespace, truth)];
  const gate = later();
  let answers: Promise<string>[] = [];
  const settled = () => poll(() => namesOf(redis, namespace, 'l')).toEqual([]);
  const awaited = async () => {
    const [lock] = await namesOf(redis, namespace, 'l');
    return lock !== undefined && (await redis.get(lock))?.endsWith('+');
  };
  const steps: (() => Promise<unknown>)[] = [
    () => one.ask().then(settled),
    () => two.ask(),
    () => two.change('thing'),
    async () => {
      truth.held = gate.promise;
      const read = one.nextRead();
      answers = [one.ask()];
      await read;
      truth.held = undefined;
    },
    // Of which the handler that is held, and names the tag later, knows nothing.
    () => two.change('late'),
    async () => {
      const asking = two.ask();
      answers = [...answers, asking];
      let answered = false;
      asking.finally(() => {
        answered = true;
      });
      // It waits for the other, or runs its own handler where the lock was lost.
      await poll(async () => answered || awaited()).toBe(true);
    },
    async () => {
      gate.resolve();
      await Promise.all(answers);
      await settled();
    },
    () => two.ask(),
    () => one.ask(),
    () => one.change('late'),
    () => two.ask().then(settled),
  ];
  return { one, two, steps, settled };
}

const STEPS = 11;
/** All that there is in Redis of one response under its tags, the cache's own among them, while it is made and after. */
const KEYS = [
  ['e', 0],
  ['t', 0],
  ['t', 1],
  ['t', 2],
  ['t', 3],
  ['l', 0],
  ['i', 0],
] as const;

it('F21: a key that is lost, whichever it is and whenever, makes misses, and nothing stale', async () => {
  const server = await spawnRedis();
  onTestFinished(() => server.stop());
  const redis = await clientOf(server);
  const lost = new Set<string>();
  const stories = KEYS.flatMap(([kind, i]) => times(STEPS, (step) => ({ kind, i, step })));
  const tell = async ({ kind, i, step }: (typeof stories)[number]) => {
    const namespace = `lost-${process.pid}-${kind}${i}-${step}`;
    const { one, two, steps, settled } = await story(server.url, redis, namespace);
    expect(steps).toHaveLength(STEPS);
    for (const [at, act] of steps.entries()) {
      await act();
      const name = at === step ? (await namesOf(redis, namespace, kind))[i] : undefined;
      if (name !== undefined && (await redis.del(name)) === 1) lost.add(`${kind}${i}`);
    }
    // It is as if nothing had been.
    await one.ask();
    await settled();
    expect([namespace, await one.ask(), await two.ask()]).toEqual([namespace, 'HIT', 'HIT']);
    expect(await namesOf(redis, namespace, 't')).toHaveLength(KEYS.filter(([kind]) => kind === 't').length);
    await Promise.all([one.stop(), two.stop()]);
  };
  const work = async () => {
    for (let next = stories.shift(); next !== undefined; next = stories.shift()) await tell(next);
  };
  await Promise.all(times(6, work));
  expect([...lost].sort()).toEqual(KEYS.map(([kind, i]) => `${kind}${i}`).sort());
});
