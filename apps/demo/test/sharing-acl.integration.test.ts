import { readFileSync } from 'node:fs';
import { createLarder } from '@larder/express';
import { redisTier } from '@larder/redis';
import { type LocalRedis, spawnRedis } from '@larder/servers';
import express from 'express';
import { Redis } from 'ioredis';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cartSession, saveSession } from '../src/cart/session.ts';
import { DiscountQueue } from '../src/discounts/discount-queue.ts';
import { openLimits } from '../src/http/limits.ts';
import { shareRedis } from '../src/redis.ts';
import { STARTING_MS } from './support/shop.ts';

const page = readFileSync(new URL('../../../docs/sharing-redis.md', import.meta.url), 'utf8');
const users = /```acl\n(.*?)```/s
  .exec(page)![1]!
  .trim()
  .split('\n')
  .map((line) => line.split(' ').slice(1));

let redis: LocalRedis;
let admin: Redis;

beforeAll(async () => {
  redis = await spawnRedis();
  admin = new Redis(redis.url);
  for (const user of users) await admin.call('ACL', 'SETUSER', ...user);
}, STARTING_MS);

afterAll(async () => {
  admin?.disconnect();
  await redis?.stop();
});

const as = (user: string) => redis.url.replace('//', `//${user}:${user}-password@`);

function share(user: string) {
  const shared = shareRedis(as(user), 'shop');
  onTestFinished(() => shared.client.disconnect());
  return shared;
}

describe('the users of the page', () => {
  it('are those three', () => {
    expect(users.map(([name]) => name)).toEqual(['cache', 'visitors', 'queue']);
  });

  it('let the cache keep, find and invalidate what another process has made', async () => {
    const open = () => createLarder({ namespace: 'shop', redis: redisTier(as('cache')) });
    const [one, other] = [open(), open()];
    onTestFinished(async () => void (await Promise.all([one.close(), other.close()])));
    const policy = { ttl: 60, tags: ['made'] };
    let made = 0;
    const finds = async () => {
      const name = `made-${++made}`;
      await one.cache.getOrSet(name, policy, async () => 'by one');
      return other.cache.getOrSet(name, policy, async () => 'by the other');
    };
    await expect.poll(finds, { timeout: 10_000 }).toBe('by one');
    expect(await one.cache.invalidate('made')).toEqual({ state: 'done' });
  });

  it('let sessions be kept and requests be counted', async () => {
    const visitors = share('visitors');
    const app = express();
    app.use(openLimits(visitors).exports, cartSession('test', visitors));
    app.get('/', async (req, res) => {
      const before = req.session.cart?.length ?? 0;
      req.session.cart = [{ productId: 1, quantity: 1 }];
      await saveSession(req);
      res.json({ before });
    });
    const browser = request.agent(app);
    const { headers } = await browser.get('/').expect(200, { before: 0 });
    expect(headers).toHaveProperty('ratelimit');
    await browser.get('/').expect(200, { before: 1 });
  });

  it('let jobs be put into the queue, run and looked at', async () => {
    const queue = new DiscountQueue(share('queue'), async () => ({ changed: 7, invalidated: 'done' }));
    onTestFinished(() => queue.close());
    const id = '5b7f2c1e-8d3a-4f60-9c2b-1a2b3c4d5e6f';
    await queue.add({ id, category: 'tea', percent: 10 });
    await expect.poll(() => queue.find(id)).toMatchObject({ state: 'completed', result: { changed: 7 } });
  });

  it.each([
    ['cache', 'sess:shop:'],
    ['cache', 'bull:shop:'],
    ['visitors', 'larder:shop:'],
    ['queue', 'larder:shop:'],
  ])('keep %s from %s…', async (user, prefix) => {
    const { client } = share(user);
    await expect(client.get(`${prefix}x`)).rejects.toThrow(/^NOPERM/);
  });

  it.each(['cache', 'visitors', 'queue'])('keep %s from listing and flushing', async (user) => {
    const { client } = share(user);
    await expect(client.keys('*')).rejects.toThrow(/^NOPERM/);
    await expect(client.flushdb()).rejects.toThrow(/^NOPERM/);
  });
});
