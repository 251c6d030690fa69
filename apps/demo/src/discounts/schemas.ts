import { z } from 'zod';

export const discountInput = z.strictObject({ percent: z.int().min(1).max(90) });

export const jobId = z.uuid();
