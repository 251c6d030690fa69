import type { Database } from '../db/database.ts';
import type { PageQuery } from '../http/validate.ts';
import type { ReviewInput } from './schemas.ts';

export interface Review {
  readonly id: number;
  readonly productId: number;
  readonly author: { readonly id: number; readonly name: string };
  readonly rating: number;
  readonly body: string;
  readonly createdAt: Date;
}

export interface RatingSummary {
  readonly average: number | null;
  readonly count: number;
  /** How many gave 1, 2, 3, 4 and 5. */
  readonly distribution: readonly number[];
}

const COLUMNS = `r.id, r.product_id AS "productId", json_build_object('id', u.id, 'name', u.name) AS author,
  r.rating, r.body, r.created_at AS "createdAt"`;

export class ReviewRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  page(productId: number, { page, limit }: PageQuery): Promise<Review[]> {
    return this.#database.query(
      `SELECT ${COLUMNS} FROM reviews r JOIN users u ON u.id = r.user_id
       WHERE r.product_id = $1 ORDER BY r.created_at DESC, r.id DESC LIMIT $2 OFFSET $3`,
      [productId, limit, (page - 1) * limit],
    );
  }

  async summary(productId: number): Promise<RatingSummary> {
    const [row] = await this.#database.query<RatingSummary>(
      `SELECT round(avg(rating), 2)::float8 AS average, count(*)::int AS count,
              ARRAY(
                SELECT count(r.id)::int FROM generate_series(1, 5) AS stars
                LEFT JOIN reviews r ON r.product_id = $1 AND r.rating = stars
                GROUP BY stars ORDER BY stars
              ) AS distribution
       FROM reviews WHERE product_id = $1`,
      [productId],
    );
    return row!;
  }

  async add(productId: number, userId: number, { rating, body }: ReviewInput): Promise<Review> {
    const [row] = await this.#database.query<Review>(
      `WITH r AS (
         INSERT INTO reviews (product_id, user_id, rating, body) VALUES ($1, $2, $3, $4) RETURNING *
       )
       SELECT ${COLUMNS} FROM r JOIN users u ON u.id = r.user_id`,
      [productId, userId, rating, body],
    );
    return row!;
  }
}
