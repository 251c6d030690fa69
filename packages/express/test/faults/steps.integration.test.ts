import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redisTier } from '@larder/redis';
import { spawnRedis } from '@larder/servers';
import express from 'express';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLarder } from '../../src/index.ts';
import { exchange, text, x } from '../support/shop.ts';
import type { Said } from './support/behaviours.ts';
import { PATIENT } from './support/patient.ts';
import { clientOf } from './support/rig.ts';
import { poll, type Shop, startShop, times } from './support/shop.ts';

/** One that stores in as many steps as there are: a variant, under tags of which its handler names one. */
async function mortalShop(redisUrl: string, namespace: string): Promise<Shop> {
  const shop = await startShop({ redis: redisUrl, namespace, policy: { ttl: 600 }, fills: {}, mortal: true });
  await shop.call('behave', 'answers with late tags and a Vary');
  return shop;
}

/** Another process than the one that died, and without a memory of its own: it has what Redis has. */
async function survivor(client: Redis, namespace: string) {
  const larder = createLarder({ namespace, memory: false, redis: redisTier(client, PATIENT) });
  const app = express().set('etag', false);
  app.get('/a', larder.cacheResponse({ ttl: 600, tags: ['thing'] }), (_req, res) => {
    res.cache?.tag('late');
    res.vary('Accept-Language').json({ path: '/a', by: process.pid, run: 0 });
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await larder.close();
  });
  const { port } = server.address() as AddressInfo;
  const ask = (fields: Record<string, string> = {}) => {
    const headers = { Host: 'shop.example', ...fields };
    return exchange({ host: '127.0.0.1', port, path: '/a', headers, agent: false });
  };
  return { larder, ask, askStored: () => ask({ 'Cache-Control': 'only-if-cached' }) };
}

async function withoutEnd(client: Redis, namespace: string): Promise<string[]> {
  const names = await client.keys(`larder:${namespace}:*`);
  const ends = await Promise.all(names.map((name) => client.pttl(name)));
  return names.filter((_, i) => ends[i] === -1);
}

/** What is left of a fill whose process died behind its n-th write, and what becomes of it. */
async function leftBehind(redisUrl: string, client: Redis, write: number) {
  const namespace = `dying-${process.pid}-${write}`;
  const shop = await mortalShop(redisUrl, namespace);
  await shop.call('dieBehind', write);
  const asking = shop.ask('/a').catch(() => undefined);
  await shop.exited;
  await asking;
  const endless = await withoutEnd(client, namespace);
  const { larder, ask, askStored } = await survivor(client, namespace);
  const found = await askStored();
  const stored = x(found) === 'HIT' ? (JSON.parse(text(found)) as Said) : undefined;
  // Each of them must be enough.
  await larder.cache.invalidate(write % 2 === 0 ? 'thing' : 'late');
  const invalidated = await askStored();
  const anew = await ask();
  await poll(async () => x(await askStored())).toBe('HIT');
  return {
    write,
    by: shop.pid,
    stored,
    endless,
    statuses: [found.status, invalidated.status, anew.status],
  };
}

describe('F44: a process that is killed between two steps of storing a response', () => {
  it('F44: leaves it absent or whole, under all its tags, whichever step was its last', async () => {
    const redis = await spawnRedis();
    onTestFinished(() => redis.stop());
    const client = await clientOf(redis);
    const whole = async (namespace: string) => {
      const shop = await mortalShop(redis.url, namespace);
      await shop.ask('/a');
      await poll(() => client.keys('larder:*:l:*')).toEqual([]);
      return (await shop.call('written')).written;
    };
    // The first is told that Redis does not know its scripts yet, and sends each twice.
    await whole(`first-${process.pid}`);
    const written = await whole(`whole-${process.pid}`);
    expect(written).toBeGreaterThan(5);
    const writes = times(written, (i) => i + 1);
    const left: Awaited<ReturnType<typeof leftBehind>>[] = [];
    const work = async () => {
      for (let write = writes.shift(); write !== undefined; write = writes.shift()) {
        left.push(await leftBehind(redis.url, client, write));
      }
    };
    await Promise.all(times(5, work));
    for (const { write, by, stored, endless, statuses } of left) {
      expect([write, ...statuses]).toEqual([write, stored === undefined ? 504 : 200, 504, 200]);
      if (stored !== undefined) expect(stored).toMatchObject({ path: '/a', by });
      expect(endless).toEqual([]);
    }
    // Some died before it was there, and some behind it.
    expect(new Set(left.map(({ stored }) => stored !== undefined)).size).toBe(2);
  });
});
