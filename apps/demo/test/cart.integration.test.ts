import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { changeProduct, createProduct } from './support/products.ts';
import { useTestShop } from './support/shop.ts';

const shop = useTestShop({ emptied: true });

const visitor = () => request.agent(shop.server);
const put = (browser: ReturnType<typeof visitor>, item: object) =>
  browser.post('/api/cart/items').send(item).expect(201);

describe('a cart', () => {
  it('belongs to a browser from the first thing that is put into it', async () => {
    const browser = visitor();
    const before = await browser.get('/api/cart').expect(200, { items: [], totalCents: 0 });
    expect(before.headers).not.toHaveProperty('set-cookie');
    const { headers } = await put(browser, { productId: 1 });
    expect(String(headers['set-cookie'])).toMatch(/^shop\.sid=.*HttpOnly; SameSite=Lax/);
    const { body } = await browser.get('/api/cart').expect(200);
    expect(body.items).toMatchObject([{ productId: 1, quantity: 1 }]);
    await visitor().get('/api/cart').expect(200, { items: [], totalCents: 0 });
  });

  it('names each product once, and what it costs now', async () => {
    const browser = visitor();
    const { id } = await createProduct(shop, { priceCents: 100 });
    await put(browser, { productId: id, quantity: 2 });
    await put(browser, { productId: id, quantity: 3 });
    await changeProduct(shop, id, { priceCents: 250 });
    const { body } = await browser.get('/api/cart').expect(200);
    expect(body).toMatchObject({ items: [{ productId: id, quantity: 3, priceCents: 250 }], totalCents: 750 });
  });

  it('takes what there is, and not too much of it', async () => {
    const post = (item: object) => visitor().post('/api/cart/items').send(item);
    await post({ productId: 999_999 }).expect(404);
    await post({ productId: 1, quantity: 21 }).expect(400);
    const browser = visitor();
    for (let productId = 1; productId <= 50; productId++) await put(browser, { productId });
    await browser.post('/api/cart/items').send({ productId: 51 }).expect(409);
  });
});

describe('the cache', () => {
  it('leaves a cart alone, though the route asks it to keep carts', async () => {
    const browser = visitor();
    await put(browser, { productId: 1 });
    for (const _ of [1, 2]) {
      const { headers } = await browser.get('/api/cart').expect('X-Cache', 'BYPASS');
      expect(headers['cache-status']).toMatch(/; detail=user$/);
      expect(headers['cache-control']).toBe('private, no-cache');
    }
    // Who has none yet gets one that is never kept for others.
    for (const _ of [1, 2]) {
      const { headers } = await visitor().get('/api/cart').expect('X-Cache', 'MISS');
      expect(headers['cache-status']).toMatch(/; detail=private$/);
    }
  });

  it('serves public pages to a browser that has a cart, and no cookie with them', async () => {
    const browser = visitor();
    await put(browser, { productId: 1 });
    await visitor().get('/api/products/2').expect('X-Cache', 'MISS');
    const { headers } = await browser.get('/api/products/2').expect(200).expect('X-Cache', 'HIT');
    expect(headers).not.toHaveProperty('set-cookie');
  });
});
