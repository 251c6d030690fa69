import { z } from 'zod';

export const orderInput = z.strictObject({
  items: z
    .array(z.strictObject({ productId: z.int().min(1).max(2_147_483_647), quantity: z.int().min(1).max(20) }))
    .min(1)
    .max(20)
    .refine(
      (items) => new Set(items.map((item) => item.productId)).size === items.length,
      'A product may stand on an order once; raise its quantity instead.',
    ),
});
export type OrderInput = z.infer<typeof orderInput>;
