import type { Random } from './random.ts';
import { ADJECTIVES, CATEGORIES, MATERIALS, SENTENCES } from './words.ts';

const DAY_MS = 86_400_000;

export interface ProductRow {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  readonly price_cents: number;
  readonly stock: number;
  readonly category_id: number;
  readonly created_at: Date;
}

export const categoryRows = () => CATEGORIES.map(({ slug, name }, index) => ({ id: index + 1, slug, name }));

export function productRows(count: number, random: Random, now: Date): ProductRow[] {
  return Array.from({ length: count }, (_, index) => productRow(index + 1, random, now));
}

function productRow(id: number, random: Random, now: Date): ProductRow {
  // The first products go round the categories, so that even a small shop has something in each.
  const categoryIndex = id <= CATEGORIES.length ? id - 1 : random.int(0, CATEGORIES.length - 1);
  const { slug, nouns, priceCents } = CATEGORIES[categoryIndex]!;
  const name = `${random.pick(ADJECTIVES)} ${random.pick(MATERIALS)} ${random.pick(nouns)}`;
  const [cheapest, dearest] = priceCents;
  return {
    id,
    sku: `${slug.slice(0, 3).toUpperCase()}-${String(id).padStart(5, '0')}`,
    name,
    description: [`The ${name}.`, ...random.shuffle(SENTENCES).slice(0, random.int(3, 6))].join(' '),
    // Squared: cheap things outnumber dear ones.
    price_cents: Math.round((cheapest + (dearest - cheapest) * random.next() ** 2) / 10) * 10,
    stock: random.int(20, 900),
    category_id: categoryIndex + 1,
    created_at: new Date(now.getTime() - random.next() * 900 * DAY_MS),
  };
}
