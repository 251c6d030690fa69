import type { Database } from '../db/database.ts';
import type { CartItem } from './schemas.ts';

export interface PricedItem extends CartItem {
  readonly name: string;
  readonly priceCents: number;
}

/** Names and prices as they are now; a session holds neither. */
export class CartRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What is no longer sold is left out. */
  priced(items: readonly CartItem[]): Promise<PricedItem[]> {
    return this.#database.query(
      `SELECT p.id AS "productId", p.name, p.price_cents AS "priceCents", wanted.quantity
       FROM unnest($1::int[], $2::int[]) WITH ORDINALITY AS wanted (id, quantity, place)
       JOIN products p ON p.id = wanted.id ORDER BY wanted.place`,
      [items.map((item) => item.productId), items.map((item) => item.quantity)],
    );
  }
}
