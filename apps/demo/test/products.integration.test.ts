import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { TEST_SIZE } from '../src/seed/seed.ts';
import { createProduct, productInput } from './support/products.ts';
import { bearer, useTestShop } from './support/shop.ts';

const shop = useTestShop();

const get = (path: string) => request(shop.server).get(path);

describe('the list of products', () => {
  it('is a page of twenty with the total and links', async () => {
    const { body } = await get('/api/products').expect(200);
    expect(body).toMatchObject({ total: TEST_SIZE.products, page: 1, limit: 20 });
    expect(body.items).toHaveLength(20);
    expect(body.links).toEqual({
      self: '/api/products?page=1',
      first: '/api/products?page=1',
      next: '/api/products?page=2',
      last: '/api/products?page=6',
    });
  });

  it('goes on where the page before ended', async () => {
    const whole = await get('/api/products?sort=name&limit=40').expect(200);
    const second = await get('/api/products?sort=name&limit=20&page=2').expect(200);
    expect(second.body.items).toEqual(whole.body.items.slice(20));
    expect(second.body.links.prev).toBe('/api/products?sort=name&limit=20&page=1');
  });

  it('is empty past the last page', async () => {
    const { body } = await get('/api/products?page=99').expect(200);
    expect(body.items).toEqual([]);
    expect(body.links.prev).toBe('/api/products?page=6');
    expect(body.links).not.toHaveProperty('next');
  });

  it('shows one category when asked to', async () => {
    const { body } = await get('/api/products?category=tea&limit=100').expect(200);
    expect(body.total).toBeGreaterThan(0);
    expect(new Set(body.items.map((item: { category: string }) => item.category))).toEqual(new Set(['tea']));
  });

  it('finds a text in names and descriptions, whatever its case, taking % and _ for themselves', async () => {
    await createProduct(shop, { name: 'Zanzibar 100% Mug', category: 'tea' });
    const names = async (q: string) => {
      const { body } = await get(`/api/products?q=${encodeURIComponent(q)}`).expect(200);
      return body.items.map((item: { name: string }) => item.name);
    };
    expect(await names('zanzibar')).toEqual(['Zanzibar 100% Mug']);
    expect(await names('100%')).toEqual(['Zanzibar 100% Mug']);
    expect(await names('zan%mug')).toEqual([]);
    expect(await names('zanziba_')).toEqual([]);
  });

  const by = (field: string) => (item: Record<string, never>) => item[field] ?? Number.NEGATIVE_INFINITY;
  it.each([
    ['price', by('priceCents'), 1],
    ['-price', by('priceCents'), -1],
    ['rating', by('rating'), -1],
  ] as const)('sorts by %s', async (sort, value, direction) => {
    const { body } = await get(`/api/products?sort=${sort}&limit=100`).expect(200);
    const values: number[] = body.items.map(value);
    expect(values).toEqual([...values].sort((one, other) => direction * (one - other)));
  });

  it('sorts by what sold best', async () => {
    const { body } = await get('/api/products?sort=popular&limit=1').expect(200);
    const { rows } = await shop.pool.query(
      'SELECT product_id AS id FROM order_items GROUP BY 1 ORDER BY sum(quantity) DESC, 1 LIMIT 1',
    );
    expect(body.items[0].id).toBe(rows[0].id);
  });

  it('says of every part of a query what is wrong with it', async () => {
    const { body, type } = await get('/api/products?limit=101&sort=cheapest&colour=red').expect(400);
    expect(type).toBe('application/problem+json');
    expect(body).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400 });
    expect(body.errors.map((error: { at: string }) => error.at).sort()).toEqual(['colour', 'limit', 'sort']);
  });

  it('knows which categories there are', async () => {
    await get('/api/products?category=no-such').expect(404);
  });
});

describe('a product', () => {
  it('comes with its ratings and what is bought with it', async () => {
    const { body: list } = await get('/api/products?sort=popular&limit=1');
    const { body } = await get(`/api/products/${list.items[0].id}`).expect(200);
    expect(body.rating.distribution).toHaveLength(5);
    expect(body.rating.distribution.reduce((sum: number, count: number) => sum + count)).toBe(
      body.rating.count,
    );
    expect(body.related.length).toBeGreaterThan(0);
    expect(body.related.map((other: { id: number }) => other.id)).not.toContain(body.id);
  });

  it.each(['0', '-1', '1.5', 'abc', '2147483648', '999999'])('is not found by the id %s', async (id) => {
    const { body, type } = await get(`/api/products/${id}`).expect(404);
    expect(type).toBe('application/problem+json');
    expect(body.status).toBe(404);
  });

  it('is created, read, replaced, changed and removed', async () => {
    const staff = bearer(shop.staff);
    const created = await createProduct(shop, { name: 'First Name' });
    const path = `/api/products/${created.id}`;
    await get(path)
      .expect(200)
      .expect(({ body }) => expect(body).toMatchObject(created));

    const replacement = productInput({ name: 'Second Name', category: 'tea' });
    await request(shop.server)
      .put(path)
      .set(...staff)
      .send(replacement)
      .expect(200);
    await get(path).expect(({ body }) => expect(body).toMatchObject(replacement));

    await request(shop.server)
      .patch(path)
      .set(...staff)
      .send({ priceCents: 777 })
      .expect(200);
    await get(path).expect(({ body }) => expect(body).toMatchObject({ ...replacement, priceCents: 777 }));

    await request(shop.server)
      .delete(path)
      .set(...staff)
      .expect(204);
    await get(path).expect(404);
    await request(shop.server)
      .delete(path)
      .set(...staff)
      .expect(404);
  });

  it('says where it was created', async () => {
    const answer = await request(shop.server)
      .post('/api/products')
      .set(...bearer(shop.staff))
      .send(productInput());
    expect(answer.headers.location).toBe(`/api/products/${answer.body.id}`);
  });

  it('is refused with all that is wrong with it', async () => {
    const { body } = await request(shop.server)
      .post('/api/products')
      .set(...bearer(shop.staff))
      .send({ ...productInput(), priceCents: 1.5, sku: 'no!', colour: 'red' })
      .expect(400);
    expect(body.errors.map((error: { at: string }) => error.at).sort()).toEqual([
      '/colour',
      '/priceCents',
      '/sku',
    ]);
  });

  it('needs a category that exists, a sku of its own, and JSON', async () => {
    const post = () =>
      request(shop.server)
        .post('/api/products')
        .set(...bearer(shop.staff));
    const { sku } = await createProduct(shop);
    await post()
      .send(productInput({ category: 'no-such' }))
      .expect(400);
    await post().send(productInput({ sku })).expect(409);
    await post().type('text').send('sku=1').expect(415);
    await post().type('json').send('{"sku":').expect(400);
  });

  it('stays when it has been sold', async () => {
    const { rows } = await shop.pool.query('SELECT product_id AS id FROM order_items LIMIT 1');
    await request(shop.server)
      .delete(`/api/products/${rows[0].id}`)
      .set(...bearer(shop.staff))
      .expect(409);
    await get(`/api/products/${rows[0].id}`).expect(200);
  });

  it('is written by staff only', async () => {
    const { id } = await createProduct(shop);
    const change = () => request(shop.server).patch(`/api/products/${id}`).send({ priceCents: 1 });
    await change().expect(401).expect('WWW-Authenticate', 'Bearer');
    await change()
      .set(...bearer(shop.shopper))
      .expect(403);
    await change()
      .set(...bearer('unknown'))
      .expect(401);
  });
});

describe('a review', () => {
  it('is written once by each user and counted in the rating', async () => {
    const { id } = await createProduct(shop);
    const review = (token: string, rating: number) =>
      request(shop.server)
        .post(`/api/products/${id}/reviews`)
        .set(...bearer(token))
        .send({ rating, body: 'So it is.' });
    await review(shop.shopper, 5).expect(201);
    await review(shop.otherShopper, 2).expect(201);
    await review(shop.shopper, 1).expect(409);

    const { body } = await get(`/api/products/${id}/reviews`).expect(200);
    expect(body.total).toBe(2);
    expect(body.items[0].author.id).toBe(shop.otherShopperId);
    const detail = await get(`/api/products/${id}`);
    expect(detail.body.rating).toEqual({ average: 3.5, count: 2, distribution: [0, 1, 0, 0, 1] });
  });

  it('needs a user, a product, and one to five stars', async () => {
    const post = (id: number) => request(shop.server).post(`/api/products/${id}/reviews`);
    await post(1).send({ rating: 5, body: 'Good.' }).expect(401);
    await post(999_999)
      .set(...bearer(shop.shopper))
      .send({ rating: 5, body: 'Good.' })
      .expect(404);
    await post(1)
      .set(...bearer(shop.shopper))
      .send({ rating: 6, body: 'Good.' })
      .expect(400);
  });
});
