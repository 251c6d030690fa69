import type { Product } from './products/product-repository.ts';

/** What cached responses and values are invalidated by; writes and reads name them here and nowhere else. */
export const tag = {
  /** Everything that shows this product by itself. */
  product: (id: number | string) => `product:${id}`,
  /** Lists of this category. */
  category: (slug: string) => `category:${slug}`,
  /** Lists across categories, searches, and the report over all of them. */
  products: 'products',
  /** The categories themselves: which there are, and how many products each has. */
  categories: 'categories',
  /** What this user says of themselves, wherever it is shown. */
  user: (id: number | string) => `user:${id}`,
  /** What this user has ordered. */
  orders: (userId: number | string) => `orders:${userId}`,
} as const;

/** What a created (`undefined` before), changed or removed (`undefined` after) product is seen in. */
export function productTags(before: Product | undefined, after: Product | undefined): string[] {
  const states = [before, after].filter((state) => state !== undefined);
  const tags = states.map((state) => tag.product(state.id));
  if (looksDifferentInLists(before, after)) {
    tags.push(tag.products, ...states.map((state) => tag.category(state.category)));
  }
  if (before?.category !== after?.category) tags.push(tag.categories);
  return [...new Set(tags)];
}

/** A review changes what lists say of the product, and what its author's profile shows. */
export const reviewTags = (product: Product, authorId: number): string[] => [
  tag.product(product.id),
  tag.category(product.category),
  tag.products,
  tag.user(authorId),
];

// Stock is not among them: lists do not show it, so a delivery leaves them alone.
const LISTED = ['sku', 'name', 'description', 'priceCents', 'category'] as const;

const looksDifferentInLists = (before: Product | undefined, after: Product | undefined): boolean =>
  LISTED.some((field) => before?.[field] !== after?.[field]);
