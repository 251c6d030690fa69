import { z } from 'zod';

export const credentials = z.strictObject({
  email: z.email(),
  password: z.string().min(1).max(200),
});
