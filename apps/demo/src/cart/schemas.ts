import { z } from 'zod';

export const cartItem = z.strictObject({
  productId: z.int().min(1).max(2_147_483_647),
  quantity: z.int().min(1).max(20).default(1),
});
export type CartItem = z.infer<typeof cartItem>;
