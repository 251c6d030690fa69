import type { ProductRow } from './catalogue.ts';
import type { Random } from './random.ts';
import { REVIEW_ENDINGS, REVIEW_OPENINGS } from './words.ts';
import { zipf } from './zipf.ts';

const DAY_MS = 86_400_000;
const RATINGS = [5, 5, 5, 5, 4, 4, 4, 3, 3, 2, 1] as const;

/** Who buys what: popularity follows rank, and rank has nothing to do with the order of ids. */
export interface Demand {
  product(): ProductRow;
  userId(): number;
  ago(now: Date): Date;
}

export function demand(products: readonly ProductRow[], users: number, random: Random): Demand {
  const byRank = random.shuffle(products);
  const productRank = zipf(products.length, 0.8, random);
  const userRank = zipf(users - 1, 0.5, random);
  return {
    product: () => byRank[productRank()]!,
    // User 1 is staff and does not shop here.
    userId: () => userRank() + 2,
    ago: (now) => new Date(now.getTime() - random.next() * 730 * DAY_MS),
  };
}

export function orderRows(count: number, of: Demand, random: Random, now: Date) {
  const orders = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    user_id: of.userId(),
    placed_at: of.ago(now),
  }));
  const items = orders.flatMap((order) => itemRows(order.id, of, random));
  return { orders, items };
}

function itemRows(orderId: number, of: Demand, random: Random) {
  const basket = new Map<number, ProductRow>();
  for (let wanted = random.int(1, 5); wanted > 0; wanted--) {
    const product = of.product();
    basket.set(product.id, product);
  }
  return [...basket.values()].map((product) => ({
    order_id: orderId,
    product_id: product.id,
    quantity: random.int(1, 3),
    unit_price_cents: Math.max(1, Math.round(product.price_cents * (0.9 + random.next() * 0.15))),
  }));
}

export function reviewRows(count: number, of: Demand, random: Random, now: Date) {
  const seen = new Set<string>();
  const rows = [];
  // A small shop may run out of new pairs, so the attempts are bounded and not the rows.
  for (let attempt = 0; attempt < count * 3 && rows.length < count; attempt++) {
    const productId = of.product().id;
    const userId = of.userId();
    if (seen.has(`${productId}/${userId}`)) continue;
    seen.add(`${productId}/${userId}`);
    const rating = random.pick(RATINGS);
    rows.push({
      id: rows.length + 1,
      product_id: productId,
      user_id: userId,
      rating,
      body: `${random.pick(REVIEW_OPENINGS[rating]!)} ${random.pick(REVIEW_ENDINGS)}`,
      created_at: of.ago(now),
    });
  }
  return rows;
}
