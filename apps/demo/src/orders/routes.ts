import { type Larder, presets } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import { currentUser } from '../http/authenticate.ts';
import { touchedOr } from '../http/touched.ts';
import { parseBody } from '../http/validate.ts';
import { tag } from '../tags.ts';
import type { OrderRepository } from './order-repository.ts';
import { orderInput } from './schemas.ts';

export function orderRoutes(orders: OrderRepository, larder: Larder, requireUser: RequestHandler): Router {
  const router = Router();

  router.post(
    '/',
    requireUser,
    larder.cacheControl(presets.noStore),
    larder.invalidates((req, res) => [
      ...touchedOr(tag.catalogue)(req, res),
      tag.orders(currentUser(req).id),
    ]),
    async (req, res) => {
      const buyer = currentUser(req);
      const input = parseBody(orderInput, req.body);
      const order = await orders.place(buyer.id, input);
      // The stock of what was bought; sales figures lag by their ttl.
      res.locals.touched = input.items.map((item) => tag.product(item.productId));
      res.status(201).json(order);
    },
  );

  return router;
}
