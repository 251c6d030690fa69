import { randomUUID } from 'node:crypto';
import { type Larder, presets } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import type { CategoryRepository } from '../categories/category-repository.ts';
import { requireStaff } from '../http/authenticate.ts';
import { notFound, unavailable } from '../http/problem.ts';
import { parseBody } from '../http/validate.ts';
import type { DiscountQueue } from './discount-queue.ts';
import { discountInput, jobId } from './schemas.ts';

export interface DiscountRoutes {
  readonly categories: CategoryRepository;
  readonly queue: DiscountQueue;
  readonly larder: Larder;
  readonly requireUser: RequestHandler;
}

export function discountRoutes({ categories, queue, larder, requireUser }: DiscountRoutes): Router {
  const router = Router();
  const staff = [requireUser, requireStaff, larder.cacheControl(presets.noStore)];

  router.post('/categories/:slug/discount', ...staff, async (req, res) => {
    const { percent } = parseBody(discountInput, req.body);
    const category = String(req.params.slug);
    if (!(await categories.exists(category))) throw notFound('category');
    const id = randomUUID();
    await queue.add({ id, category, percent }).catch(noQueue);
    // No `invalidates`: nothing has changed yet, and what the worker changes it says itself.
    res.status(202).location(`/api/jobs/${id}`).json({ id, state: 'waiting' });
  });

  router.get('/jobs/:id', ...staff, async (req, res) => {
    const { success, data: id } = jobId.safeParse(req.params.id);
    const job = success ? await queue.find(id).catch(noQueue) : undefined;
    if (job === undefined) throw notFound('job');
    res.json(job);
  });

  return router;
}

function noQueue(): never {
  throw unavailable('The queue cannot be reached just now.');
}
