import { type LocalRedis, spawnRedis } from '@larder/servers';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEMO_PASSWORD, shopperEmail } from '../src/seed/people.ts';
import { discount } from './support/discounts.ts';
import { bearer, openTestShop, STARTING_MS, type TestShop } from './support/shop.ts';

let redis: LocalRedis;
let shop: TestShop;

/** Of a Redis that was there for as long as it took to find a free port. */
async function nobodyHere(): Promise<{ url: string; port: number }> {
  const { url, port, stop } = await spawnRedis();
  await stop();
  return { url, port };
}

beforeEach(() => {
  // A login that nobody counts is worth a line there.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

const get = (path: string) => request(shop.server).get(path);
const logIn = (password = DEMO_PASSWORD) =>
  request(shop.server)
    .post('/api/sessions')
    .send({ email: shopperEmail(4), password });

const untilUp = () =>
  expect.poll(async () => (await get('/readyz')).body.redis, { timeout: 10_000 }).toBe('up');

describe('a shop that opens before its Redis', () => {
  let port: number;

  beforeAll(async () => {
    const nobody = await nobodyHere();
    port = nobody.port;
    shop = await openTestShop({ redis: nobody.url });
  }, STARTING_MS);
  afterAll(async () => {
    await shop?.close();
    await redis?.stop();
  });

  it('serves, and lets people log in, uncounted', async () => {
    await get('/api/products/1').expect(200);
    const { headers } = await logIn('guess').expect(401);
    expect(headers).not.toHaveProperty('ratelimit');
  });

  it('counts, keeps carts and runs jobs from when there is one', async () => {
    redis = await spawnRedis({ port });
    await untilUp();
    const { headers } = await logIn('guess').expect(401);
    expect(headers).toHaveProperty('ratelimit');
    await request(shop.server).post('/api/cart/items').send({ productId: 1 }).expect(201);
    expect((await discount(shop, 'tea', 10)).state).toBe('completed');
  });
});

describe('a shop whose Redis is killed', () => {
  let cookie: string;

  beforeAll(async () => {
    redis = await spawnRedis();
    shop = await openTestShop({ redis: redis.url });
    const { headers } = await request(shop.server).post('/api/cart/items').send({ productId: 1 }).expect(201);
    cookie = String(headers['set-cookie']).split(';')[0]!;
    await get('/api/products/1').expect(200);
    await redis.kill('SIGKILL');
  }, STARTING_MS);
  // Redis is gone: that this ends is part of what is tested.
  afterAll(() => shop?.close());

  it('serves public pages, kept or not, to browsers with a cart as well', async () => {
    for (const path of ['/api/products/1', '/api/products/2', '/api/products', '/api/products.csv']) {
      await get(path).expect(200);
      await get(path).set('Cookie', cookie).expect(200);
    }
  });

  it('has no carts for the time being, and says so to those who have one', async () => {
    await get('/api/cart').expect(200, { items: [], totalCents: 0 });
    const { body } = await get('/api/cart').set('Cookie', cookie).expect(503);
    expect(body.detail).toContain('cart');
    await request(shop.server).post('/api/cart/items').send({ productId: 1 }).expect(503);
  });

  it('lets people log in, uncounted', async () => {
    const { headers } = await logIn().expect(201);
    expect(headers).not.toHaveProperty('ratelimit');
  });

  it('takes no job that it could not keep', async () => {
    await request(shop.server)
      .post('/api/categories/tea/discount')
      .set(...bearer(shop.staff))
      .send({ percent: 10 })
      .expect(503);
  });
});
