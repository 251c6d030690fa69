import { z } from 'zod';

export const accountChanges = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    bio: z.string().trim().max(500),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'Give name, bio, or both.');
