import { type LocalRedis, spawnRedis } from '@larder/servers';
import pg from 'pg';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { discount } from './support/discounts.ts';
import { changeProduct, createProduct } from './support/products.ts';
import { bearer, openTestShop, STARTING_MS, type TestShop, useTestShop } from './support/shop.ts';

/** Somebody with the database's address and no idea of a cache. */
async function stranger(shop: TestShop): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: shop.pool.options.connectionString!,
    options: `-c search_path=${shop.name}`,
  });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

const recorded = async (shop: TestShop) => (await shop.pool.query('SELECT tags FROM larder_outbox')).rows;

/** Until nothing is left to deliver: what was recorded before has reached the cache. */
const untilDelivered = (shop: TestShop) =>
  expect.poll(() => recorded(shop), { timeout: 15_000 }).toHaveLength(0);

const order = (shop: TestShop, productId: number, quantity = 1) =>
  request(shop.server)
    .post('/api/orders')
    .set(...bearer(shop.shopper))
    .send({ items: [{ productId, quantity }] });

describe('SQL that goes round the routes', () => {
  const shop = useTestShop({ emptied: true });
  const get = (path: string) => request(shop.server).get(path);
  const outcomes = (paths: readonly string[]) =>
    Promise.all(paths.map(async (path) => (await get(path)).headers['x-cache']));
  const ask = async (...paths: string[]) => {
    await outcomes(paths);
    expect(await outcomes(paths)).toEqual(paths.map(() => 'HIT'));
  };
  const LISTS = [
    '/api/products',
    '/api/products?category=tea',
    '/api/products?q=mug',
    '/api/categories/report',
  ];

  it('and changes a price empties what shows it, and not the pages of other products', async () => {
    const { id } = await createProduct(shop, { category: 'tea', priceCents: 100 });
    const page = `/api/products/${id}`;
    await ask(page, '/api/products/1', ...LISTS);

    const sql = await stranger(shop);
    await sql.query('UPDATE products SET price_cents = 101 WHERE id = $1', [id]);
    await untilDelivered(shop);

    const { body } = await get(page).expect('X-Cache', 'MISS');
    expect(body.priceCents).toBe(101);
    expect(await outcomes(LISTS)).toEqual(LISTS.map(() => 'MISS'));
    await get('/api/products/1').expect('X-Cache', 'HIT');
  });

  it('and changes a price is in the CSV of a client that has the one before', async () => {
    const { headers } = await get('/api/products.csv');
    const again = () => get('/api/products.csv').set('If-None-Match', headers.etag!);
    await again().expect(304);
    const sql = await stranger(shop);
    await sql.query('UPDATE products SET price_cents = 4321 WHERE id = 3');
    await untilDelivered(shop);
    const { text } = await again().expect(200);
    expect(text).toMatch(/^3,.*,4321$/m);
  });

  it('and makes or removes a product is counted in its category, which is kept as a value', async () => {
    const sizeOfTea = async (): Promise<number> => {
      const { body } = await get('/api/categories');
      return body.items.find(({ slug }: { slug: string }) => slug === 'tea').products;
    };
    const before = await sizeOfTea();
    await ask(...LISTS);
    const sql = await stranger(shop);
    await sql.query(`INSERT INTO products (sku, name, description, price_cents, stock, category_id)
      SELECT 'BEHIND-1', 'Behind the Back', '', 100, 1, id FROM categories WHERE slug = 'tea'`);
    await untilDelivered(shop);
    expect(await sizeOfTea()).toBe(before + 1);
    expect(await outcomes(LISTS)).toEqual(LISTS.map(() => 'MISS'));

    await sql.query("DELETE FROM products WHERE sku = 'BEHIND-1'");
    await untilDelivered(shop);
    expect(await sizeOfTea()).toBe(before);
  });

  it('and is rolled back empties nothing', async () => {
    await ask('/api/products/1');
    const sql = await stranger(shop);
    await sql.query('BEGIN');
    await sql.query('UPDATE products SET price_cents = price_cents + 1 WHERE id = 1');
    await sql.query('ROLLBACK');
    await sql.query('UPDATE products SET price_cents = price_cents + 1 WHERE id = 2');
    await untilDelivered(shop);
    await get('/api/products/1').expect('X-Cache', 'HIT');
  });

  it('is all that triggers tell of: of its own writes the shop says more exactly what they touch', async () => {
    const sql = await stranger(shop);
    const heard: (string | undefined)[] = [];
    sql.on('notification', ({ payload }) => heard.push(payload));
    await sql.query('LISTEN larder_outbox');

    const { id } = await createProduct(shop);
    await changeProduct(shop, id, { stock: 77 });
    await order(shop, id).expect(201);
    await request(shop.server)
      .delete('/api/products/120')
      .set(...bearer(shop.staff));
    await sql.query('UPDATE products SET stock = 1 WHERE id = $1', [id]);
    // Notifications come in the order of commits.
    await sql.query("NOTIFY larder_outbox, 'over'");
    await expect.poll(() => heard).toContain('over');
    expect(heard.filter((namespace) => namespace === shop.name)).toHaveLength(1);
  });

  it('and truncates the products empties everything', async () => {
    await ask('/api/products/1', '/api/users/2');
    const sql = await stranger(shop);
    await sql.query('TRUNCATE products CASCADE');
    await untilDelivered(shop);
    await get('/api/products/1').expect(404).expect('X-Cache', 'MISS');
    await get('/api/users/2').expect('X-Cache', 'MISS');
  });
});

describe('an order', () => {
  let redis: LocalRedis;
  let shop: TestShop;
  beforeAll(async () => {
    redis = await spawnRedis();
    shop = await openTestShop({ redis: redis.url });
  }, STARTING_MS);
  afterAll(async () => {
    await shop?.close();
    await redis?.stop();
  });

  it('that is refused records nothing, and one that Redis cannot be told of waits until it can', async () => {
    const { port } = redis;
    await redis.stop();
    await order(shop, 999_999).expect(409);
    expect(await recorded(shop)).toEqual([]);
    await order(shop, 2).expect(201);
    expect(await recorded(shop)).toEqual([{ tags: ['product:2', `orders:${shop.shopperId}`] }]);

    redis = await spawnRedis({ port });
    await untilDelivered(shop);
    // A queue whose worker has not found its Redis again cannot be closed.
    expect((await discount(shop, 'tea', 10)).state).toBe('completed');
  });

  it('has told the cache by the time that its buyer hears of it', async () => {
    const page = () => request(shop.server).get('/api/products/3');
    const { body: before } = await page();
    await page().expect('X-Cache', 'HIT');
    await order(shop, 3).expect(201);
    const { body: after } = await page().expect('X-Cache', 'MISS');
    expect(after.stock).toBe(before.stock - 1);
  });
});
