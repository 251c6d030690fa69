import { z } from 'zod';

/** `soft`: what there is, is given once more while it is made anew. */
const soft = z.boolean().default(false);

export const cacheCommand = z.union([
  z.strictObject({ product: z.int().min(1), soft }),
  z.strictObject({ url: z.url({ protocol: /^https?$/ }), soft }),
  z.strictObject({
    urls: z
      .string()
      .max(1000)
      .regex(/^[^\\]+$/),
    soft,
  }),
]);
export type CacheCommand = z.infer<typeof cacheCommand>;
