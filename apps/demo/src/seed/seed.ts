import type { Database, Queryable } from '../db/database.ts';
import { hashPassword } from '../sessions/passwords.ts';
import { categoryRows, productRows } from './catalogue.ts';
import { insertRows } from './insert.ts';
import { DEMO_PASSWORD, userRows } from './people.ts';
import { seededRandom } from './random.ts';
import { demand, orderRows, reviewRows } from './sales.ts';

export interface SeedSize {
  readonly products: number;
  readonly users: number;
  readonly orders: number;
  readonly reviews: number;
}

export const DEMO_SIZE: SeedSize = { products: 5_000, users: 2_000, orders: 30_000, reviews: 30_000 };
export const TEST_SIZE: SeedSize = { products: 120, users: 12, orders: 200, reviews: 200 };

export interface SeedOptions {
  readonly size: SeedSize;
  readonly now?: Date;
}

/** Fills an empty shop, all or nothing; resolves false where there is one already. */
export function seed(database: Database, { size, now = new Date() }: SeedOptions): Promise<boolean> {
  return database.transaction(async (tx) => {
    // Held to the end of the transaction: a second process waits here, then finds the shop full.
    await tx.query('LOCK TABLE categories IN EXCLUSIVE MODE');
    const existing = await tx.query('SELECT id FROM categories LIMIT 1');
    if (existing.length > 0) return false;
    await fill(tx, size, now);
    return true;
  });
}

async function fill(tx: Queryable, size: SeedSize, now: Date): Promise<void> {
  const random = seededRandom(20_250_101);
  const products = productRows(size.products, random, now);
  // scrypt is slow by design; two thousand hashes of one well-known password would prove nothing.
  const passwordHash = await hashPassword(DEMO_PASSWORD);
  const users = userRows(size.users, passwordHash, random, now);
  const sells = demand(products, size.users, random);
  const { orders, items } = orderRows(size.orders, sells, random, now);
  const reviews = reviewRows(size.reviews, sells, random, now);

  await insertRows(tx, 'categories', { id: 'int', slug: 'text', name: 'text' }, categoryRows());
  await insertRows(tx, 'products', PRODUCT_TYPES, products);
  await insertRows(tx, 'users', USER_TYPES, users);
  await insertRows(tx, 'orders', { id: 'int', user_id: 'int', placed_at: 'timestamptz' }, orders);
  await insertRows(tx, 'order_items', ITEM_TYPES, items);
  await insertRows(tx, 'reviews', REVIEW_TYPES, reviews);
  for (const table of ['categories', 'products', 'users', 'orders', 'reviews']) {
    await tx.query(`SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT max(id) FROM ${table}))`);
  }
  // Without statistics the planner's first choices for these tables are poor ones, for minutes.
  await tx.query('ANALYZE categories, products, users, orders, order_items, reviews');
}

const PRODUCT_TYPES = {
  id: 'int',
  sku: 'text',
  name: 'text',
  description: 'text',
  price_cents: 'int',
  stock: 'int',
  category_id: 'int',
  created_at: 'timestamptz',
} as const;

const USER_TYPES = {
  id: 'int',
  name: 'text',
  email: 'text',
  bio: 'text',
  role: 'text',
  password_hash: 'text',
  created_at: 'timestamptz',
} as const;

const ITEM_TYPES = { order_id: 'int', product_id: 'int', quantity: 'int', unit_price_cents: 'int' } as const;

const REVIEW_TYPES = {
  id: 'int',
  product_id: 'int',
  user_id: 'int',
  rating: 'int',
  body: 'text',
  created_at: 'timestamptz',
} as const;
