import type { RunTransaction } from '@larder/postgres';
import type { Database, Queryable } from '../db/database.ts';
import { conflict } from '../http/problem.ts';
import { orderTags } from '../tags.ts';
import type { OrderInput } from './schemas.ts';

export interface PlacedOrder {
  readonly id: number;
  readonly placedAt: Date;
  readonly totalCents: number;
}

export interface RecentOrder extends PlacedOrder {
  readonly items: readonly { productId: number; name: string; quantity: number }[];
}

export interface Spending {
  readonly orders: number;
  readonly totalCents: number;
  readonly favouriteCategories: readonly string[];
}

export interface Bestseller {
  readonly id: number;
  readonly name: string;
  readonly units: number;
}

export class OrderRepository {
  readonly #database: Database;
  readonly #transaction: RunTransaction;

  constructor(database: Database, transaction: RunTransaction) {
    this.#database = database;
    this.#transaction = transaction;
  }

  /** What it makes out of date is part of the transaction: no route has to say so, and no crash can keep it back. */
  place(userId: number, { items }: OrderInput): Promise<PlacedOrder> {
    const ids = items.map((item) => item.productId);
    const quantities = items.map((item) => item.quantity);
    return this.#transaction(async ({ client, invalidate }) => {
      const tx = this.#database.on(client);
      await takeFromStock(tx, items);
      const [order] = await tx.query<{ id: number; placedAt: Date }>(
        'INSERT INTO orders (user_id) VALUES ($1) RETURNING id, placed_at AS "placedAt"',
        [userId],
      );
      const [sum] = await tx.query<{ totalCents: number }>(
        `WITH placed AS (
           INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents)
           SELECT $1, p.id, wanted.quantity, p.price_cents
           FROM unnest($2::int[], $3::int[]) AS wanted (id, quantity) JOIN products p ON p.id = wanted.id
           RETURNING quantity * unit_price_cents AS cents
         )
         SELECT sum(cents)::float8 AS "totalCents" FROM placed`,
        [order!.id, ids, quantities],
      );
      invalidate(orderTags(userId, ids));
      return { ...order!, ...sum! };
    });
  }

  recent(userId: number, limit: number): Promise<RecentOrder[]> {
    return this.#database.query(
      `SELECT o.id, o.placed_at AS "placedAt", sum(i.quantity * i.unit_price_cents)::float8 AS "totalCents",
              json_agg(json_build_object('productId', p.id, 'name', p.name, 'quantity', i.quantity) ORDER BY p.id) AS items
       FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
       WHERE o.user_id = $1 GROUP BY o.id ORDER BY o.placed_at DESC, o.id DESC LIMIT $2`,
      [userId, limit],
    );
  }

  async spending(userId: number): Promise<Spending> {
    const [row] = await this.#database.query<Spending>(
      `WITH mine AS (
         SELECT o.id, c.name, i.quantity, i.quantity * i.unit_price_cents AS cents
         FROM orders o JOIN order_items i ON i.order_id = o.id
         JOIN products p ON p.id = i.product_id JOIN categories c ON c.id = p.category_id
         WHERE o.user_id = $1
       )
       SELECT count(DISTINCT id)::int AS orders, coalesce(sum(cents), 0)::float8 AS "totalCents",
              ARRAY(SELECT name FROM mine GROUP BY name ORDER BY sum(quantity) DESC, name LIMIT 3) AS "favouriteCategories"
       FROM mine`,
      [userId],
    );
    return row!;
  }

  bestsellers(limit: number): Promise<Bestseller[]> {
    return this.#database.query(
      `SELECT p.id, p.name, sum(i.quantity)::int AS units
       FROM order_items i JOIN products p ON p.id = i.product_id
       GROUP BY p.id ORDER BY units DESC, p.id LIMIT $1`,
      [limit],
    );
  }
}

/** Locks in the order of ids, so that two baskets with the same products cannot wait for each other. */
async function takeFromStock(tx: Queryable, items: OrderInput['items']): Promise<void> {
  const ids = items.map((item) => item.productId);
  const rows = await tx.query<{ id: number; stock: number }>(
    'SELECT id, stock FROM products WHERE id = ANY ($1) ORDER BY id FOR UPDATE',
    [ids],
  );
  const stock = new Map(rows.map((row) => [row.id, row.stock]));
  const short = items.filter((item) => (stock.get(item.productId) ?? 0) < item.quantity);
  if (short.length > 0) {
    throw conflict(`Not enough in stock of: ${short.map((item) => `product ${item.productId}`).join(', ')}.`);
  }
  await tx.query(
    `UPDATE products p SET stock = p.stock - wanted.quantity
     FROM unnest($1::int[], $2::int[]) AS wanted (id, quantity) WHERE p.id = wanted.id`,
    [ids, items.map((item) => item.quantity)],
  );
}
