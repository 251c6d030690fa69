import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST, untilShared } from './support/processes.ts';
import { changeProduct, createProduct } from './support/products.ts';
import {
  bearer,
  type OpenShop,
  openTestShopWithRedis,
  STARTING_MS,
  type TestShop,
  useTestShop,
} from './support/shop.ts';

const shop = useTestShop({ emptied: true });

const get = (path: string, token?: string) => {
  const asked = request(shop.server).get(path);
  return token === undefined ? asked : asked.set(...bearer(token));
};
const outcome = async (path: string, token?: string) => (await get(path, token)).headers['x-cache'];

describe('a product page', () => {
  it('is kept: the second answer is the first, with an Age', async () => {
    const miss = await get('/api/products/1').expect(200).expect('X-Cache', 'MISS');
    const hit = await get('/api/products/1').expect(200).expect('X-Cache', 'HIT');
    expect(miss.headers).not.toHaveProperty('age');
    expect(Number(hit.headers.age)).toBeGreaterThanOrEqual(0);
    expect(hit.text).toBe(miss.text);
    expect(hit.headers.etag).toBe(miss.headers.etag);
  });

  it('costs a client that has it a 304', async () => {
    const { headers } = await get('/api/products/1');
    await get('/api/products/1').set('If-None-Match', headers.etag!).expect(304).expect('X-Cache', 'HIT');
  });

  it('is new after a write: nobody sees the old price again', async () => {
    const { id } = await createProduct(shop, { priceCents: 100 });
    await get(`/api/products/${id}`);
    await changeProduct(shop, id, { priceCents: 200 });
    const { body } = await get(`/api/products/${id}`).expect('X-Cache', 'MISS');
    expect(body.priceCents).toBe(200);
    expect(await outcome(`/api/products/${id}`)).toBe('HIT');
  });

  it('survives a write that was refused', async () => {
    await get('/api/products/1');
    await request(shop.server)
      .patch('/api/products/1')
      .set(...bearer(shop.staff))
      .send({ priceCents: -1 })
      .expect(400);
    expect(await outcome('/api/products/1')).toBe('HIT');
  });

  it('survives a write to another product', async () => {
    const { id } = await createProduct(shop);
    await get('/api/products/1');
    await changeProduct(shop, id, { priceCents: 300 });
    expect(await outcome('/api/products/1')).toBe('HIT');
  });

  it('is new when a product that it mentions has changed', async () => {
    const { body: list } = await get('/api/products?sort=popular&limit=1');
    const page = `/api/products/${list.items[0].id}`;
    const { body } = await get(page);
    await changeProduct(shop, body.related[0].id, { name: 'Renamed Thing' });
    const again = await get(page).expect('X-Cache', 'MISS');
    expect(again.body.related[0].name).toBe('Renamed Thing');
  });

  it('is new when somebody has bought it, and lists are not', async () => {
    await get('/api/products');
    const { body: before } = await get('/api/products/1');
    await request(shop.server)
      .post('/api/orders')
      .set(...bearer(shop.shopper))
      .send({ items: [{ productId: 1, quantity: 1 }] })
      .expect(201);
    const { body: after } = await get('/api/products/1').expect('X-Cache', 'MISS');
    expect(after.stock).toBe(before.stock - 1);
    expect(await outcome('/api/products')).toBe('HIT');
  });

  it('that is missing is kept as missing from when it is asked for again, and until it is created', async () => {
    const { id: last } = await createProduct(shop);
    const next = `/api/products/${last + 1}`;
    for (const expected of ['MISS', 'MISS', 'HIT']) await get(next).expect(404).expect('X-Cache', expected);
    await createProduct(shop);
    await get(next).expect(200).expect('X-Cache', 'MISS');
  });
});

describe('a list', () => {
  const TEA = '/api/products?category=tea';
  const BOOKS = '/api/products?category=books';
  const ALL = '/api/products';
  const REPORT = '/api/categories/report';
  const outcomes = async () => Promise.all([TEA, BOOKS, ALL, REPORT].map((path) => outcome(path)));

  it('is new after a write in its category; the lists of other categories stay', async () => {
    const { id } = await createProduct(shop, { category: 'tea' });
    await outcomes();
    await changeProduct(shop, id, { priceCents: 400 });
    expect(await outcomes()).toEqual(['MISS', 'HIT', 'MISS', 'MISS']);
  });

  it('is new in both categories when a product moves', async () => {
    const { id } = await createProduct(shop, { category: 'tea' });
    await outcomes();
    await changeProduct(shop, id, { category: 'books' });
    expect(await outcomes()).toEqual(['MISS', 'MISS', 'MISS', 'MISS']);
  });

  it('stays when only the stock has changed, which it does not show', async () => {
    const { id } = await createProduct(shop, { category: 'tea' });
    await outcomes();
    await changeProduct(shop, id, { stock: 77 });
    expect(await outcomes()).toEqual(['HIT', 'HIT', 'HIT', 'HIT']);
  });

  it('is new after a review in its category', async () => {
    const { id } = await createProduct(shop, { category: 'tea' });
    await outcomes();
    await request(shop.server)
      .post(`/api/products/${id}/reviews`)
      .set(...bearer(shop.shopper))
      .send({ rating: 4, body: 'Good.' })
      .expect(201);
    expect(await outcomes()).toEqual(['MISS', 'HIT', 'MISS', 'MISS']);
  });

  it('of categories counts a product that was created, though it is kept as a value', async () => {
    const sizeOfTea = async (): Promise<number> => {
      const { body } = await get('/api/categories');
      return body.items.find((category: { slug: string }) => category.slug === 'tea').products;
    };
    const before = await sizeOfTea();
    await shop.pool.query("UPDATE categories SET name = 'Written behind the back' WHERE slug = 'tea'");
    const { text } = await get('/api/categories');
    expect(text).not.toContain('behind the back');
    await createProduct(shop, { category: 'tea' });
    expect(await sizeOfTea()).toBe(before + 1);
  });
});

describe('what belongs to one user', () => {
  const DASHBOARD = '/api/users/me/dashboard';

  it('is never kept under /me', async () => {
    for (const _ of [1, 2, 3]) {
      const { headers } = await get('/api/users/me', shop.shopper).expect(200);
      expect(headers['x-cache']).not.toBe('HIT');
      expect(headers['cache-control']).toContain('private');
    }
  });

  it('is kept on the dashboard for that user alone', async () => {
    const mine = await get(DASHBOARD, shop.shopper).expect('X-Cache', 'MISS');
    const theirs = await get(DASHBOARD, shop.otherShopper).expect('X-Cache', 'MISS');
    expect(mine.body.user.id).toBe(shop.shopperId);
    expect(theirs.body.user.id).toBe(shop.otherShopperId);
    const again = await get(DASHBOARD, shop.shopper).expect('X-Cache', 'HIT');
    expect(again.text).toBe(mine.text);
    await get(DASHBOARD).expect(401);
  });

  it('is new on the dashboard after an order, for that user alone', async () => {
    const before = await get(DASHBOARD, shop.shopper);
    await get(DASHBOARD, shop.otherShopper);
    await request(shop.server)
      .post('/api/orders')
      .set(...bearer(shop.shopper))
      .send({ items: [{ productId: 2, quantity: 1 }] })
      .expect(201);
    const after = await get(DASHBOARD, shop.shopper).expect('X-Cache', 'MISS');
    expect(after.body.spending.orders).toBe(before.body.spending.orders + 1);
    expect(await outcome(DASHBOARD, shop.otherShopper)).toBe('HIT');
  });

  it('is new on the profile and beside their reviews after a change', async () => {
    const { rows } = await shop.pool.query('SELECT product_id AS id FROM reviews WHERE user_id = 2 LIMIT 1');
    const reviews = `/api/products/${rows[0].id}/reviews?limit=50`;
    await get('/api/users/2').expect('X-Cache', 'MISS');
    await get('/api/users/3').expect('X-Cache', 'MISS');
    await get(reviews).expect('X-Cache', 'MISS');
    await request(shop.server)
      .put('/api/users/me')
      .set(...bearer(shop.shopper))
      .send({ name: 'Renamed Shopper' })
      .expect(200);
    const { body } = await get('/api/users/2').expect('X-Cache', 'MISS');
    expect(body.name).toBe('Renamed Shopper');
    expect((await get(reviews).expect('X-Cache', 'MISS')).text).toContain('Renamed Shopper');
    expect(await outcome('/api/users/3')).toBe('HIT');
  });

  it('reaches nobody through a public page that was asked for with a token', async () => {
    await get('/api/products/3', shop.shopper).expect('X-Cache', 'BYPASS');
    expect(await outcome('/api/products/3')).toBe('MISS');
  });
});

describe('two processes with one Redis', () => {
  let one: TestShop | undefined;
  beforeAll(async () => {
    one = await openTestShopWithRedis();
  }, STARTING_MS);
  afterAll(() => one?.close());

  it('share what they keep, and what they let go', async (test) => {
    if (one === undefined) return test.skip('no Redis could be had');
    const other = await one.twin();
    const id = await untilShared(one, other);
    const from = ({ server }: OpenShop) => request(server).get(`/api/products/${id}`).set('Host', HOST);

    await request(other.server)
      .patch(`/api/products/${id}`)
      .set(...bearer(one.staff))
      .send({ priceCents: 123_450 })
      .expect(200);
    const price = async () => (await from(one!)).body.priceCents;
    await expect.poll(price, { timeout: 2_000 }).toBe(123_450);
  });

  it('say that Redis is up, and are ready without it', async (test) => {
    if (one === undefined) return test.skip('no Redis could be had');
    await request(one.server).get('/readyz').expect(200, { status: 'ready', postgres: 'up', redis: 'up' });
  });
});
