import { readFile } from 'node:fs/promises';
import type { Database } from '../db/database.ts';

export interface Category {
  readonly slug: string;
  readonly name: string;
  readonly products: number;
}

export interface CategoryReport {
  readonly slug: string;
  readonly name: string;
  readonly products: number;
  readonly revenueCents: number;
  readonly units: number;
  readonly orders: number;
  readonly customers: number;
  readonly repeatCustomers: number;
  readonly averageRating: number | null;
  readonly medianPriceCents: number | null;
  readonly p90PriceCents: number | null;
  readonly topProducts: readonly { id: number; name: string; revenueCents: number }[];
}

/** What the report's query is counted by. */
export const REPORT_QUERY = 'category-report';

const REPORT = readFile(new URL('./category-report.sql', import.meta.url), 'utf8');

export class CategoryRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  all(): Promise<Category[]> {
    return this.#database.query(
      `SELECT c.slug, c.name, count(p.id)::int AS products
       FROM categories c LEFT JOIN products p ON p.category_id = c.id
       GROUP BY c.id ORDER BY c.name`,
    );
  }

  async exists(slug: string): Promise<boolean> {
    const rows = await this.#database.query('SELECT id FROM categories WHERE slug = $1', [slug]);
    return rows.length > 0;
  }

  async report(): Promise<CategoryReport[]> {
    return this.#database.query({ name: REPORT_QUERY, text: await REPORT });
  }
}
