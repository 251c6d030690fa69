import request from 'supertest';
import { expect, it } from 'vitest';
import { urlOf } from './support/processes.ts';
import { bearer, useTestShop } from './support/shop.ts';

const shop = useTestShop({ emptied: true });

const get = (path: string) => request(shop.server).get(path);
const command = (body: object, token = shop.staff) =>
  request(shop.server)
    .post('/api/admin/cache')
    .set(...bearer(token))
    .send(body);

const keep = async (...paths: string[]) => {
  for (const path of paths) await get(path);
  for (const path of paths) await get(path).expect('X-Cache', 'HIT');
};

it('a product that staff refresh is given once more as it was, while it is made anew', async () => {
  await keep('/api/products/1', '/api/products/2');
  await shop.pool.query("UPDATE products SET name = 'Behind the Back' WHERE id = 1");
  await command({ product: 1, soft: true }).expect(200, { state: 'done' });

  const stale = await get('/api/products/1').expect('X-Cache', /^STALE/);
  expect(stale.body.name).not.toBe('Behind the Back');
  await expect
    .poll(async () => {
      const { headers, body } = await get('/api/products/1');
      return [headers['x-cache'], body.name];
    })
    .toEqual(['HIT', 'Behind the Back']);
  await get('/api/products/2').expect('X-Cache', 'HIT');
});

it('a product that they have forgotten is made anew for the next who asks, with its reviews', async () => {
  await keep('/api/products/1', '/api/products/1/reviews');
  await command({ product: 1 }).expect(200, { state: 'done' });
  await get('/api/products/1').expect('X-Cache', 'MISS');
  await get('/api/products/1/reviews').expect('X-Cache', 'MISS');
});

it('a URL falls by itself, as clients ask for it', async () => {
  const [first, second] = ['/api/products?sort=name', '/api/products?sort=name&page=2'];
  await keep(first, second);
  await command({ url: new URL(second, urlOf(shop)).href }).expect(200, { state: 'done' });
  await get(first).expect('X-Cache', 'HIT');
  await get(second).expect('X-Cache', 'MISS');
});

it('URLs fall together that a pattern matches', async () => {
  const [product, reviews, other] = ['/api/products/1', '/api/products/1/reviews', '/api/products/2'];
  await keep(product, reviews, other);
  await command({ urls: '*/api/products/1*' }).expect(200, { state: 'done', found: 2 });
  await get(other).expect('X-Cache', 'HIT');
  for (const path of [product, reviews]) await get(path).expect('X-Cache', 'MISS');
});

it('is for staff, and says what it does not understand', async () => {
  await request(shop.server).post('/api/admin/cache').send({ product: 1 }).expect(401);
  await command({ product: 1 }, shop.shopper).expect(403);
  const [product, url] = [1, 'http://127.0.0.1/'];
  for (const body of [
    {},
    { product, url },
    { product: '1' },
    { url: '/api/products' },
    { url: 'ftp://a/' },
    { urls: '' },
    { urls: 'a\\' },
  ])
    await command(body).expect(400);
});
