import type { Database } from '../db/database.ts';
import type { ListQuery, Sort } from './schemas.ts';

export interface ListedProduct {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly priceCents: number;
  readonly category: string;
  readonly rating: number | null;
  readonly reviewCount: number;
}

const ORDER: Readonly<Record<Sort, string>> = {
  newest: 'p.created_at DESC, p.id DESC',
  price: 'p.price_cents, p.id',
  '-price': 'p.price_cents DESC, p.id',
  name: 'p.name, p.id',
  rating: 'rated.average DESC NULLS LAST, rated.count DESC NULLS LAST, p.id',
  popular: 'sold.units DESC NULLS LAST, p.id',
};

const RATED = `LEFT JOIN (
  SELECT product_id, avg(rating) AS average, count(*) AS count FROM reviews GROUP BY product_id
) rated ON rated.product_id = p.id`;

const SOLD = `LEFT JOIN (
  SELECT product_id, sum(quantity) AS units FROM order_items GROUP BY product_id
) sold ON sold.product_id = p.id`;

/** One page of the catalogue and the number of products it is a page of. */
export async function listProducts(
  database: Database,
  query: ListQuery,
): Promise<{ items: ListedProduct[]; total: number }> {
  const { where, values } = filter(query);
  const from = `FROM products p JOIN categories c ON c.id = p.category_id`;
  const offset = (query.page - 1) * query.limit;
  const [items, [counted]] = await Promise.all([
    database.query<ListedProduct>(
      `SELECT p.id, p.sku, p.name, p.price_cents AS "priceCents", c.slug AS category,
              round(rated.average, 2)::float8 AS rating, coalesce(rated.count, 0)::int AS "reviewCount"
       ${from} ${RATED} ${query.sort === 'popular' ? SOLD : ''}
       ${where} ORDER BY ${ORDER[query.sort]} LIMIT ${query.limit} OFFSET ${offset}`,
      values,
    ),
    database.query<{ total: number }>(`SELECT count(*)::int AS total ${from} ${where}`, values),
  ]);
  return { items, total: counted!.total };
}

function filter({ category, q }: ListQuery): { where: string; values: string[] } {
  const conditions: string[] = [];
  const values: string[] = [];
  if (category !== undefined) conditions.push(`c.slug = $${values.push(category)}`);
  if (q !== undefined) {
    const pattern = `$${values.push(`%${escapeLike(q)}%`)}`;
    conditions.push(`(p.name ILIKE ${pattern} OR p.description ILIKE ${pattern})`);
  }
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values };
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
