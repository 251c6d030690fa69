import type { Database, Queryable } from '../db/database.ts';
import { conflict, Problem } from '../http/problem.ts';
import { type ListedProduct, listProducts } from './product-list.ts';
import type { ListQuery, ProductChanges, ProductInput } from './schemas.ts';

export interface Product {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  readonly priceCents: number;
  readonly stock: number;
  readonly category: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface RelatedProduct {
  readonly id: number;
  readonly name: string;
  readonly priceCents: number;
  readonly category: string;
}

export class ProductRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(query: ListQuery): Promise<{ items: ListedProduct[]; total: number }> {
    return listProducts(this.#database, query);
  }

  find(id: number): Promise<Product | undefined> {
    return findProduct(this.#database, id);
  }

  /** What else stood on the orders that this product stood on. */
  boughtTogether(id: number, limit: number): Promise<RelatedProduct[]> {
    return this.#database.query(
      `SELECT p.id, p.name, p.price_cents AS "priceCents", c.slug AS category
       FROM (
         SELECT other.product_id, count(*) AS orders
         FROM order_items mine
         JOIN order_items other ON other.order_id = mine.order_id AND other.product_id <> mine.product_id
         WHERE mine.product_id = $1
         GROUP BY other.product_id ORDER BY orders DESC, other.product_id LIMIT $2
       ) together
       JOIN products p ON p.id = together.product_id JOIN categories c ON c.id = p.category_id
       ORDER BY together.orders DESC, p.id`,
      [id, limit],
    );
  }

  create(input: ProductInput): Promise<Product> {
    return this.#database.transaction(async (tx) => {
      const [row] = await tx.query<{ id: number }>(
        `INSERT INTO products (sku, name, description, price_cents, stock, category_id)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
        [
          input.sku,
          input.name,
          input.description,
          input.priceCents,
          input.stock,
          await categoryId(tx, input.category),
        ],
      );
      return (await findProduct(tx, row!.id))!;
    });
  }

  /** Both states, because a product that changes its category leaves lists as well as entering some. */
  update(id: number, changes: ProductChanges): Promise<{ before: Product; after: Product } | undefined> {
    return this.#database.transaction(async (tx) => {
      const before = await findProduct(tx, id, 'FOR UPDATE OF p');
      if (before === undefined) return undefined;
      const next = { ...before, ...changes };
      await tx.query(
        `UPDATE products SET sku = $2, name = $3, description = $4, price_cents = $5, stock = $6,
                category_id = $7 WHERE id = $1`,
        [
          id,
          next.sku,
          next.name,
          next.description,
          next.priceCents,
          next.stock,
          await categoryId(tx, next.category),
        ],
      );
      return { before, after: (await findProduct(tx, id))! };
    });
  }

  remove(id: number): Promise<Product | undefined> {
    return this.#database.transaction(async (tx) => {
      const product = await findProduct(tx, id, 'FOR UPDATE OF p');
      if (product === undefined) return undefined;
      const sold = await tx.query('SELECT 1 FROM order_items WHERE product_id = $1 LIMIT 1', [id]);
      if (sold.length > 0)
        throw conflict('It has been sold, and orders refer to it: set its stock to 0 instead.');
      await tx.query('DELETE FROM products WHERE id = $1', [id]);
      return product;
    });
  }
}

async function findProduct(on: Queryable, id: number, lock = ''): Promise<Product | undefined> {
  const [row] = await on.query<Product>(
    `SELECT p.id, p.sku, p.name, p.description, p.price_cents AS "priceCents", p.stock, c.slug AS category,
            p.created_at AS "createdAt", p.updated_at AS "updatedAt"
     FROM products p JOIN categories c ON c.id = p.category_id WHERE p.id = $1 ${lock}`,
    [id],
  );
  return row;
}

async function categoryId(tx: Queryable, slug: string): Promise<number> {
  const [row] = await tx.query<{ id: number }>('SELECT id FROM categories WHERE slug = $1', [slug]);
  if (row !== undefined) return row.id;
  throw new Problem(400, 'The body is not valid.', [
    { at: '/category', detail: 'There is no such category.' },
  ]);
}
