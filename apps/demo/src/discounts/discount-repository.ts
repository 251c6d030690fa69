import type { Database } from '../db/database.ts';

export interface Discount {
  readonly id: string;
  /** Its slug. */
  readonly category: string;
  readonly percent: number;
}

export class DiscountRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Once, however often it is asked for; resolves how many prices that has changed. */
  async give({ id, category, percent }: Discount): Promise<number> {
    const [row] = await this.#database.query<{ changed: number }>(
      `WITH given AS (
         INSERT INTO discounts (id, category_id, percent) SELECT $1, id, $3 FROM categories WHERE slug = $2
         ON CONFLICT DO NOTHING RETURNING category_id, percent
       ), changed AS (
         UPDATE products p
         SET price_cents = greatest(1, round(price_cents * (100 - given.percent) / 100.0))
         FROM given WHERE p.category_id = given.category_id RETURNING p.id
       )
       SELECT count(*)::int AS changed FROM changed`,
      [id, category, percent],
    );
    return row!.changed;
  }
}
