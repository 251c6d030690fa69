import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { DEMO_PASSWORD, shopperEmail } from '../src/seed/people.ts';
import { useTestShop } from './support/shop.ts';

const shop = useTestShop();

const logIn = (email: string, password = DEMO_PASSWORD) =>
  request(shop.server).post('/api/sessions').send({ email, password });

describe('logging in', () => {
  it('is refused after five wrong passwords, with a word about when to come back', async () => {
    const email = shopperEmail(4);
    for (const _ of [1, 2, 3, 4, 5]) await logIn(email, 'guess').expect(401);
    const { body, headers } = await logIn(email.toUpperCase(), 'guess').expect(429);
    expect(body).toMatchObject({ title: 'Too Many Requests', status: 429 });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await logIn(email).expect(429);
  });

  it('is not refused to others behind the same address', async () => {
    const email = shopperEmail(5);
    for (const _ of [1, 2, 3, 4, 5, 6]) await logIn(email, 'guess');
    await logIn(shopperEmail(6)).expect(201);
  });

  it('counts nobody who knows the password', async () => {
    for (const _ of [1, 2, 3, 4, 5, 6, 7]) await logIn(shopperEmail(7)).expect(201);
  });
});

describe('the export', () => {
  const left = (headers: Record<string, string>) => Number(/; r=(\d+);/.exec(headers.ratelimit ?? '')?.[1]);

  it('counts what the cache answers too, and says to each how much is left', async () => {
    const first = await request(shop.server).get('/api/products.csv').expect('X-Cache', 'MISS');
    const second = await request(shop.server).get('/api/products.csv').expect('X-Cache', 'HIT');
    expect(left(first.headers)).toBeGreaterThan(0);
    expect(left(second.headers)).toBe(left(first.headers) - 1);
  });
});
