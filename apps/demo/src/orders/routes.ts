import { type Larder, presets } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import { currentUser } from '../http/authenticate.ts';
import { parseBody } from '../http/validate.ts';
import type { OrderRepository } from './order-repository.ts';
import { orderInput } from './schemas.ts';

export function orderRoutes(orders: OrderRepository, larder: Larder, requireUser: RequestHandler): Router {
  const router = Router();

  // No `invalidates`: the transaction tells the cache itself.
  router.post('/', requireUser, larder.cacheControl(presets.noStore), async (req, res) => {
    const order = await orders.place(currentUser(req).id, parseBody(orderInput, req.body));
    res.status(201).json(order);
  });

  return router;
}
