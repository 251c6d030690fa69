import { randomBytes } from 'node:crypto';
import { type LocalRedis, spawnRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { discount, jobOf } from './support/discounts.ts';
import { changeProduct } from './support/products.ts';
import { keysOf } from './support/redis.ts';
import { bearer, openTestShop, STARTING_MS, type TestShop } from './support/shop.ts';

let redis: LocalRedis;
let shop: TestShop;

afterEach(async () => {
  vi.restoreAllMocks();
  await shop?.close();
  await redis?.stop();
});

async function configure(name: string, value: string): Promise<void> {
  const client = new Redis(redis.url);
  await client.config('SET', name, value);
  client.disconnect();
}

/** Puts several times as much into the cache as this Redis has room for. */
async function overfill(until: (info: string) => boolean): Promise<void> {
  const client = new Redis(redis.url);
  let made = 0;
  const full = async () => {
    const text = randomBytes(192 * 1024).toString('base64');
    await shop.larder.cache.getOrSet(`much-${++made}`, { ttl: 600 }, async () => text);
    return until(await client.info());
  };
  try {
    await expect.poll(full, { timeout: 20_000, interval: 1 }).toBe(true);
  } finally {
    client.disconnect();
  }
}

describe('a full Redis', () => {
  it(
    'that evicts nothing takes no cart, no job and no count; what is kept is served, and forgotten when it must be',
    async () => {
      vi.spyOn(console, 'error').mockImplementation(() => {});
      redis = await spawnRedis({ args: ['--maxmemory-policy', 'noeviction'] });
      shop = await openTestShop({ redis: redis.url });
      const { server, staff } = shop;
      const browser = request.agent(server);
      await browser.post('/api/cart/items').send({ productId: 1 }).expect(201);
      await request(server).get('/api/products/1').expect('X-Cache', 'MISS');

      await configure('maxmemory', '1');

      await request(server).get('/api/products/1').expect('X-Cache', 'HIT');
      await changeProduct(shop, 1, { priceCents: 12_345 });
      const { body } = await request(server).get('/api/products/1').expect('X-Cache', 'MISS');
      expect(body.priceCents).toBe(12_345);
      expect((await browser.get('/api/cart').expect(200)).body.items).toHaveLength(1);
      await browser.post('/api/cart/items').send({ productId: 2 }).expect(503);
      const { headers } = await request(server).get('/api/products.csv').expect(200);
      expect(headers).not.toHaveProperty('ratelimit');
      await request(server)
        .post('/api/categories/tea/discount')
        .set(...bearer(staff))
        .send({ percent: 10 })
        .expect(503);
    },
    STARTING_MS,
  );

  it(
    'that evicts what has a TTL gives up what the cache keeps, and no job',
    async () => {
      redis = await spawnRedis({ args: ['--maxmemory', '8mb', '--maxmemory-policy', 'volatile-lru'] });
      shop = await openTestShop({ redis: redis.url });
      const { id } = await discount(shop, 'tea', 10);
      const jobs = async () => (await keysOf(redis.url)).filter(({ ttlMs }) => ttlMs === undefined);
      const before = await jobs();

      await overfill((info) => Number(/evicted_keys:(\d+)/.exec(info)?.[1]) > 100);

      expect(before.length).toBeGreaterThan(1);
      expect(await jobs()).toEqual(expect.arrayContaining(before));
      const { body } = await jobOf(shop, id).expect(200);
      expect(body.state).toBe('completed');
      expect((await discount(shop, 'tea', 10)).state).toBe('completed');
    },
    STARTING_MS,
  );
});
