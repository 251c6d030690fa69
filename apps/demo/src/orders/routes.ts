import { type Larder, presets } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import { currentUser } from '../http/authenticate.ts';
import { touched } from '../http/touched.ts';
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
    larder.invalidates(touched),
    async (req, res) => {
      const buyer = currentUser(req);
      const input = parseBody(orderInput, req.body);
      const order = await orders.place(buyer.id, input);
      // The stock of what was bought, and the buyer's dashboard; sales figures lag by their ttl.
      res.locals.touched = [tag.orders(buyer.id), ...input.items.map((item) => tag.product(item.productId))];
      res.status(201).json(order);
    },
  );

  return router;
}
