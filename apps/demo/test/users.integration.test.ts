import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { DEMO_PASSWORD, shopperEmail } from '../src/seed/people.ts';
import { bearer, useTestShop } from './support/shop.ts';

const shop = useTestShop();

const get = (path: string) => request(shop.server).get(path);

describe('a session', () => {
  const logIn = (body: object) => request(shop.server).post('/api/sessions').send(body);
  const email = shopperEmail(2);

  it('is opened with email and password, and kept by nobody on the way', async () => {
    const { body } = await logIn({ email: email.toUpperCase(), password: DEMO_PASSWORD })
      .expect(201)
      .expect('Cache-Control', 'no-store');
    expect(body.userId).toBe(2);
    await get('/api/users/me')
      .set(...bearer(body.token))
      .expect(200);
  });

  it('is not opened otherwise, and nobody learns which of the two was wrong', async () => {
    const wrong = await logIn({ email, password: 'guess' }).expect(401);
    const unknown = await logIn({ email: 'nobody@shop.example', password: DEMO_PASSWORD }).expect(401);
    expect(unknown.body).toEqual(wrong.body);
    await logIn({ email: 'not an address', password: 'x' }).expect(400);
  });

  it('ends', async () => {
    const { body } = await logIn({ email, password: DEMO_PASSWORD });
    await shop.pool.query("UPDATE sessions SET expires_at = now() - interval '1 second' WHERE user_id = 2");
    await get('/api/users/me')
      .set(...bearer(body.token))
      .expect(401);
    await shop.pool.query("UPDATE sessions SET expires_at = now() + interval '1 day' WHERE user_id = 2");
  });

  it('is not in the database in a form that could be used', async () => {
    const { rows } = await shop.pool.query('SELECT token_sha256 FROM sessions');
    const stored = rows.map((row) => row.token_sha256.toString('base64url'));
    expect(stored).not.toContain(shop.shopper);
  });
});

describe('a user', () => {
  it('has a public profile without email and password', async () => {
    const { body } = await get('/api/users/2').expect(200);
    expect(Object.keys(body).sort()).toEqual(['bio', 'id', 'memberSince', 'name', 'reviewCount', 'reviews']);
  });

  it.each(['abc', '0', '999999'])('is not found by the id %s', async (id) => {
    await get(`/api/users/${id}`).expect(404);
  });

  it('sees the own account, and nobody else does', async () => {
    await get('/api/users/me').expect(401);
    const { body } = await get('/api/users/me')
      .set(...bearer(shop.shopper))
      .expect(200);
    expect(body).toMatchObject({ id: 2, email: shopperEmail(2), role: 'customer' });
  });

  it('changes name and bio, and nothing else', async () => {
    const put = (body: object) =>
      request(shop.server)
        .put('/api/users/me')
        .set(...bearer(shop.shopper))
        .send(body);
    await put({ bio: 'New here.' }).expect(200);
    await put({ name: 'New Name' }).expect(200);
    await get('/api/users/2').expect(({ body }) =>
      expect(body).toMatchObject({ name: 'New Name', bio: 'New here.' }),
    );
    await put({}).expect(400);
    await put({ role: 'staff' }).expect(400);
  });

  it('has a dashboard of own orders', async () => {
    const { body } = await get('/api/users/me/dashboard')
      .set(...bearer(shop.shopper))
      .expect(200);
    const { rows } = await shop.pool.query('SELECT count(*)::int AS orders FROM orders WHERE user_id = 2');
    expect(body.user.id).toBe(2);
    expect(body.spending.orders).toBe(rows[0].orders);
    expect(body.recentOrders.length).toBeLessThanOrEqual(5);
    expect(body.bestsellers).toHaveLength(5);
  });
});

describe('an order', () => {
  const place = (items: object[]) =>
    request(shop.server)
      .post('/api/orders')
      .set(...bearer(shop.shopper))
      .send({ items });
  const stockOf = async (id: number): Promise<number> => (await get(`/api/products/${id}`)).body.stock;

  it('takes what was bought from the stock', async () => {
    const [first, second] = [await stockOf(1), await stockOf(2)];
    const { body } = await place([
      { productId: 1, quantity: 2 },
      { productId: 2, quantity: 1 },
    ]).expect(201);
    expect(body.totalCents).toBeGreaterThan(0);
    expect([await stockOf(1), await stockOf(2)]).toEqual([first - 2, second - 1]);
  });

  it('is placed whole or not at all', async () => {
    await shop.pool.query('UPDATE products SET stock = 0 WHERE id = 4');
    const stock = await stockOf(3);
    const { body } = await place([
      { productId: 3, quantity: 1 },
      { productId: 4, quantity: 1 },
      { productId: 999_999, quantity: 1 },
    ]).expect(409);
    expect(body.detail).toContain('product 4, product 999999');
    expect(await stockOf(3)).toBe(stock);
  });

  it('never sells more than there is, however many ask at once', async () => {
    await shop.pool.query('UPDATE products SET stock = 3 WHERE id = 5');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => place([{ productId: 5, quantity: 1 }])),
    );
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([201, 201, 201, 409, 409, 409, 409, 409]);
    expect(await stockOf(5)).toBe(0);
  });

  it('names each product once', async () => {
    await place([
      { productId: 1, quantity: 1 },
      { productId: 1, quantity: 2 },
    ]).expect(400);
    await place([]).expect(400);
  });
});
