import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { migrate } from '../src/db/migrate.ts';
import { seed, TEST_SIZE } from '../src/seed/seed.ts';
import { CATEGORIES } from '../src/seed/words.ts';
import { sqlQueries } from '../src/traffic/samples.ts';
import { useTestShop } from './support/shop.ts';

const shop = useTestShop();

const get = (path: string) => request(shop.server).get(path);

describe('the database', () => {
  it('is migrated once, also by processes that start together', async () => {
    const again = await Promise.all([1, 2].map(() => migrate(shop.database, shop.name)));
    expect(again).toEqual([[], []]);
  });

  it('is filled once', async () => {
    expect(await seed(shop.database, { size: TEST_SIZE })).toBe(false);
  });

  it('undoes a transaction that fails', async () => {
    const broken = shop.database.transaction(async (tx) => {
      await tx.query("INSERT INTO categories (slug, name) VALUES ('half', 'Half')");
      throw new Error('halfway');
    });
    await expect(broken).rejects.toThrow('halfway');
    expect(await shop.database.query("SELECT id FROM categories WHERE slug = 'half'")).toEqual([]);
  });
});

describe('the categories', () => {
  it('are listed with their sizes', async () => {
    const { body } = await get('/api/categories').expect(200);
    expect(body.items).toHaveLength(CATEGORIES.length);
    const products = body.items.reduce(
      (sum: number, category: { products: number }) => sum + category.products,
      0,
    );
    expect(products).toBe(TEST_SIZE.products);
  });

  it('are reported with all that was ever sold', async () => {
    const { body } = await get('/api/categories/report').expect(200);
    const sum = (field: string) =>
      body.categories.reduce(
        (total: number, category: Record<string, number>) => total + category[field]!,
        0,
      );
    const { rows } = await shop.pool.query(
      'SELECT sum(quantity * unit_price_cents)::float8 AS revenue, sum(quantity)::int AS units FROM order_items',
    );
    expect(sum('revenueCents')).toBe(rows[0].revenue);
    expect(sum('units')).toBe(rows[0].units);
    expect(body.categories[0].topProducts.length).toBeGreaterThan(0);
  });
});

describe('the shop', () => {
  it('lists its routes', async () => {
    const { body } = await get('/').expect(200);
    expect(Object.keys(body.routes)).toContain('GET /api/products');
  });

  it('answers what it does not know with a problem', async () => {
    const { body } = await get('/nothing/here')
      .expect(404)
      .expect('Content-Type', /^application\/problem\+json/);
    expect(body).toMatchObject({ title: 'Not Found', status: 404 });
  });

  it('is alive and ready', async () => {
    await get('/healthz').expect(200, { status: 'up' });
    await get('/readyz').expect(200, { status: 'ready', postgres: 'up', redis: 'not used' });
  });

  it('has the categories before anybody asks, and counts the SQL for that apart', async () => {
    await get('/api/categories').expect(200);
    const { text } = await get('/metrics').expect(200);
    expect(sqlQueries(text, { route: '/api/categories' })).toBe(0);
    expect(sqlQueries(text, { when: 'scheduled' })).toBe(1);
  });

  it('counts the SQL of each route', async () => {
    await get('/api/products?limit=7').expect(200);
    const { text } = await get('/metrics').expect(200);
    expect(text).toMatch(
      /shop_sql_queries_total\{method="GET",route="\/api\/products",when="request"\} [1-9]/,
    );
  });
});
