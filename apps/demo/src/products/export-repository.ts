import type { Database } from '../db/database.ts';

export interface ExportedProduct {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly priceCents: number;
}

/** The catalogue for other programs, and a cheap way to ask whether it is still the same. */
export class ExportRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  all(): Promise<ExportedProduct[]> {
    return this.#database.query(
      `SELECT p.id, p.sku, p.name, c.slug AS category, p.price_cents AS "priceCents"
       FROM products p JOIN categories c ON c.id = p.category_id ORDER BY p.id`,
    );
  }

  /** Another one after every write. All dates count: of two writes the one with the later date may commit first. */
  async version(): Promise<string> {
    const [row] = await this.#database.query<{ version: string }>(
      `SELECT concat(count(*), '-', sum(extract(epoch FROM updated_at))) AS version FROM products`,
    );
    return row!.version;
  }
}
