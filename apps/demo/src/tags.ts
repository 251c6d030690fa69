import type { Product } from './products/product-repository.ts';
import type { ListQuery, Sort } from './products/schemas.ts';

/** What cached responses and values are invalidated by; writes and reads name them here and nowhere else. */
export const tag = {
  /** Everything that shows this product by itself. */
  product: (id: number | string) => `product:${id}`,
  /** Whatever mentions this product among others: its name, price and rating, but not its stock. */
  listed: (id: number | string) => `listed:${id}`,
  /** What is computed from everything that lists show, and pages too long to name each product on them. */
  listings: 'listings',
  /** Every read of products, lists and reports: for a write that failed in a way that leaves its outcome open. */
  catalogue: 'catalogue',
  /** Every list: for a write by somebody who does not know what lists show. */
  lists: 'lists',
  /** Lists of this category: which products are in it. */
  category: (slug: string) => `category:${slug}`,
  /** Whatever says what products of this category cost: for changes that are made to all of them at once. */
  pricesOf: (slug: string) => `prices-of:${slug}`,
  /** Lists across categories: which products there are. */
  products: 'products',
  /** Lists in an order that a change of this can change. */
  sortedBy: (what: 'price' | 'name' | 'rating') => `sorted-by:${what}`,
  /** Lists of products whose text matches something. */
  searches: 'searches',
  /** The categories themselves: which there are, and how many products each has. */
  categories: 'categories',
  /** What this user says of themselves, wherever it is shown. */
  user: (id: number | string) => `user:${id}`,
  /** What this user has ordered. */
  orders: (userId: number | string) => `orders:${userId}`,
} as const;

const SORTED: ReadonlyMap<Sort | undefined, string> = new Map([
  ['price', tag.sortedBy('price')],
  ['-price', tag.sortedBy('price')],
  ['name', tag.sortedBy('name')],
  ['rating', tag.sortedBy('rating')],
]);

/** What decides which products are on a list, and in which order. Not yet what it says of them. */
export function listTags({
  category,
  q,
  sort,
}: Partial<Pick<ListQuery, 'category' | 'q' | 'sort'>>): string[] {
  const order = SORTED.get(sort);
  return [
    tag.catalogue,
    tag.lists,
    category === undefined ? tag.products : tag.category(category),
    ...(q === undefined ? [] : [tag.searches]),
    ...(order === undefined ? [] : [order]),
  ];
}

/** A response carries 64 tags at most, and a list has five others besides these. */
const MOST_NAMED = 59;

/** What a list says of the products on it. */
export function listedTags(products: readonly Pick<Product, 'id' | 'category'>[]): string[] {
  const categories = new Set(products.map(({ category }) => category));
  const named = [...products.map(({ id }) => tag.listed(id)), ...[...categories].map(tag.pricesOf)];
  return named.length > MOST_NAMED ? [tag.listings] : named;
}

/** What a created (`undefined` before), changed or removed (`undefined` after) product is seen in. */
export function productTags(before: Product | undefined, after: Product | undefined): string[] {
  const states = [before, after].filter((state) => state !== undefined);
  const changed = (field: keyof Product): boolean => before?.[field] !== after?.[field];
  const moved = changed('category');
  // Stock is not among them: lists do not show it, so a delivery leaves them alone.
  const shown = (['sku', 'name', 'priceCents', 'category'] as const).some(changed);
  const tags = [
    ...states.map(({ id }) => tag.product(id)),
    ...(shown ? [...states.map(({ id }) => tag.listed(id)), tag.listings] : []),
    ...(changed('priceCents') ? [tag.sortedBy('price')] : []),
    ...(changed('name') ? [tag.sortedBy('name')] : []),
    ...(changed('name') || changed('description') ? [tag.searches] : []),
    ...(moved ? [tag.products, tag.categories, ...states.map(({ category }) => tag.category(category))] : []),
  ];
  return [...new Set(tags)];
}

/** What a row is seen in that somebody has changed who knows nothing of all this; `{id}` is its column. */
export const changedProductTags: readonly string[] = [
  tag.product('{id}'),
  tag.listed('{id}'),
  tag.listings,
  tag.lists,
  tag.categories,
];

/** What was bought shows another stock, and the buyer's dashboard another order; sales figures lag by their ttl. */
export const orderTags = (buyerId: number, productIds: readonly number[]): string[] => [
  ...productIds.map(tag.product),
  tag.orders(buyerId),
];

/** A review changes what is said of the product and where rating puts it, and what its author's profile shows. */
export const reviewTags = ({ id }: Product, authorId: number): string[] => [
  tag.product(id),
  tag.listed(id),
  tag.listings,
  tag.sortedBy('rating'),
  tag.user(authorId),
];

/** Prices of a whole category: three tags, however many products it has. */
export const discountTags = (category: string): string[] => [
  tag.pricesOf(category),
  tag.listings,
  tag.sortedBy('price'),
];
