import { Agent } from 'node:http';
import { type LocalRedis, spawnRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DiscountRepository } from '../src/discounts/discount-repository.ts';
import { discounts } from '../src/discounts/discounts.ts';
import { shopperEmail } from '../src/seed/people.ts';
import { discount, jobOf } from './support/discounts.ts';
import { createProduct } from './support/products.ts';
import { keysOf, type Listener, listenTo } from './support/redis.ts';
import { bearer, type OpenShop, openTestShop, STARTING_MS, type TestShop } from './support/shop.ts';

let redis: LocalRedis;
let overheard: Listener;
let shop: TestShop;

beforeAll(async () => {
  redis = await spawnRedis();
  overheard = await listenTo(redis.url);
  shop = await openTestShop({ redis: redis.url });
}, STARTING_MS);

afterAll(async () => {
  await shop?.close();
  overheard?.close();
  await redis?.stop();
});

const get = (path: string) => request(shop.server).get(path);
const guess = (on: OpenShop, id: number) =>
  request(on.server)
    .post('/api/sessions')
    .send({ email: shopperEmail(id), password: 'guess' });

async function browserWithCart(productId = 1) {
  const browser = request.agent(shop.server);
  await browser.post('/api/cart/items').send({ productId }).expect(201);
  return browser;
}

describe('one Redis', () => {
  const inUse = async () => {
    await get('/api/products/1').expect(200);
    await browserWithCart();
    await guess(shop, 4).expect(401);
    await discount(shop, 'bedding', 1);
    return keysOf(redis.url);
  };

  it('holds the cache, sessions, limits and jobs side by side, each under its prefix', async () => {
    const kept = await inUse();
    const prefixes = ['larder', 'sess', 'rl', 'bull'].map((use) => `${use}:${shop.name}:`);
    const counts = prefixes.map((prefix) => kept.filter(({ key }) => key.startsWith(prefix)).length);
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(counts.reduce((sum, count) => sum + count)).toBe(kept.length);
  });

  it('gets back by itself what everybody but the queue has put there', async () => {
    const kept = await inUse();
    const forEver = kept.filter(({ ttlMs }) => ttlMs === undefined).map(({ key }) => key.split(':')[0]);
    expect(new Set(forEver)).toEqual(new Set(['bull']));
  });

  it('is never listed with KEYS nor flushed, by anybody', async () => {
    await inUse();
    await shop.larder.cache.invalidateAll();
    const commands = await overheard.commands();
    const names = new Set(commands.map(([name]) => name!.toUpperCase()));
    expect([...names]).toEqual(expect.arrayContaining(['GET', 'SET', 'EVALSHA', 'UNLINK']));
    expect([...names].filter((name) => /^(KEYS|FLUSH)/.test(name))).toEqual([]);
  });

  it('that the cache is emptied in keeps carts, limits and jobs', async () => {
    const browser = await browserWithCart(2);
    for (const _ of [1, 2, 3, 4, 5]) await guess(shop, 5).expect(401);
    const { id } = await discount(shop, 'furniture', 1);
    await get('/api/products/2');
    await get('/api/products/2').expect('X-Cache', 'HIT');

    await shop.larder.cache.invalidateAll();

    await get('/api/products/2').expect('X-Cache', 'MISS');
    const { body: cart } = await browser.get('/api/cart').expect(200);
    expect(cart.items).toMatchObject([{ productId: 2 }]);
    await guess(shop, 5).expect(429);
    await jobOf(shop, id)
      .expect(200)
      .expect(({ body }) => expect(body.state).toBe('completed'));
  });

  it('that will not let a session live longer costs nobody the cart, nor the connection', async () => {
    const { headers } = await request(shop.server).post('/api/cart/items').send({ productId: 1 });
    const cookie = String(headers['set-cookie']).split(';')[0]!;
    const agent = new Agent({ keepAlive: true });
    let connections = 0;
    shop.server.on('connection', () => (connections += 1));
    const admin = new Redis(redis.url);
    onTestFinished(async () => {
      agent.destroy();
      await admin.call('ACL', 'SETUSER', 'default', '+expire');
      admin.disconnect();
    });
    await admin.call('ACL', 'SETUSER', 'default', '-expire');
    for (const _ of [1, 2]) {
      const { body } = await get('/api/cart').agent(agent).set('Cookie', cookie).expect(200);
      expect(body.items).toHaveLength(1);
    }
    expect(connections).toBe(1);
  });

  it('makes two processes one shop: a cart follows its browser, and guesses count wherever they are made', async () => {
    const other = await shop.twin();
    onTestFinished(() => other.close());
    const { headers } = await request(shop.server).post('/api/cart/items').send({ productId: 3 });
    const cookie = String(headers['set-cookie']).split(';')[0]!;
    const { body } = await request(other.server).get('/api/cart').set('Cookie', cookie).expect(200);
    expect(body.items).toMatchObject([{ productId: 3 }]);

    for (const on of [shop, other, shop, other, shop]) await guess(on, 6).expect(401);
    await guess(other, 6).expect(429);
  });
});

describe('a discount', () => {
  it('is given by a job, which empties what shows the prices and nothing else', async () => {
    const { id } = await createProduct(shop, { category: 'tea', priceCents: 1_000 });
    const pages = [`/api/products/${id}`, '/api/products?category=tea&sort=-price', '/api/products.csv'];
    const others = ['/api/products?category=books', `/api/products/${id}/reviews`];
    for (const path of [...pages, ...others]) await get(path);
    for (const path of [...pages, ...others]) await get(path).expect('X-Cache', 'HIT');

    const { state, result } = await discount(shop, 'tea', 25);
    expect(state).toBe('completed');
    expect(result).toMatchObject({ invalidated: 'done' });
    expect(result!.changed).toBeGreaterThan(1);

    const { body } = await get(`/api/products/${id}`).expect('X-Cache', 'MISS');
    expect(body.priceCents).toBe(750);
    for (const path of pages.slice(1)) await get(path).expect('X-Cache', 'MISS');
    for (const path of others) await get(path).expect('X-Cache', 'HIT');
  });

  it('empties pages of other categories that mention a product of its own', async () => {
    const tea = await createProduct(shop, { category: 'tea', priceCents: 1_000 });
    const book = await createProduct(shop, { category: 'books' });
    await request(shop.server)
      .post('/api/orders')
      .set(...bearer(shop.shopper))
      .send({ items: [tea, book].map(({ id }) => ({ productId: id, quantity: 1 })) })
      .expect(201);
    const related = async (outcome: string) => {
      const { body } = await get(`/api/products/${book.id}`).expect('X-Cache', outcome);
      return body.related;
    };
    expect(await related('MISS')).toMatchObject([{ id: tea.id, priceCents: 1_000 }]);
    await related('HIT');
    await discount(shop, 'tea', 50);
    expect(await related('MISS')).toMatchObject([{ id: tea.id, priceCents: 500 }]);
  });

  it('that is run twice is given once, and empties twice', async () => {
    const give = discounts(new DiscountRepository(shop.database), shop.larder);
    const { id } = await createProduct(shop, { category: 'garden', priceCents: 1_000 });
    const path = `/api/products/${id}`;
    const job = { id: '5b7f2c1e-8d3a-4f60-9c2b-1a2b3c4d5e6f', category: 'garden', percent: 10 };
    expect((await give(job)).changed).toBeGreaterThan(0);
    await get(path);
    await get(path).expect('X-Cache', 'HIT');
    expect(await give(job)).toEqual({ changed: 0, invalidated: 'done' });
    const { body } = await get(path).expect('X-Cache', 'MISS');
    expect(body.priceCents).toBe(900);
  });

  it('is for staff, on a category that exists, and of a sensible size', async () => {
    const post = (category: string, token: string, percent: number) =>
      request(shop.server)
        .post(`/api/categories/${category}/discount`)
        .set(...bearer(token))
        .send({ percent });
    await post('tea', shop.shopper, 10).expect(403);
    await post('no-such', shop.staff, 10).expect(404);
    await post('tea', shop.staff, 91).expect(400);
    for (const id of ['meta', '5b7f2c1e-8d3a-4f60-9c2b-000000000000']) await jobOf(shop, id).expect(404);
  });
});
