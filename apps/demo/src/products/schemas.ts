import { z } from 'zod';
import { pageQuery } from '../http/validate.ts';

export const SORTS = ['newest', 'price', '-price', 'name', 'rating', 'popular'] as const;
export type Sort = (typeof SORTS)[number];

export const listQuery = pageQuery.extend({
  category: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/)
    .optional(),
  q: z.string().trim().min(2).max(100).optional(),
  sort: z.enum(SORTS).default('newest'),
});
export type ListQuery = z.infer<typeof listQuery>;

// A page carries a tag for each author on it, and a response at most 64.
export const reviewsQuery = pageQuery.extend({ limit: z.coerce.number().int().min(1).max(50).default(20) });

export const productInput = z.strictObject({
  sku: z.string().regex(/^[A-Z0-9][A-Z0-9-]{2,31}$/, 'Capital letters, digits and hyphens, 3 to 32 of them.'),
  name: z.string().trim().min(1).max(200),
  description: z.string().trim().max(5_000),
  priceCents: z.int().min(1).max(100_000_000),
  stock: z.int().min(0).max(1_000_000),
  category: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
});
export type ProductInput = z.infer<typeof productInput>;

export const productChanges = productInput
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'Give at least one field.');
export type ProductChanges = z.infer<typeof productChanges>;

export const reviewInput = z.strictObject({
  rating: z.int().min(1).max(5),
  body: z.string().trim().min(1).max(2_000),
});
export type ReviewInput = z.infer<typeof reviewInput>;
