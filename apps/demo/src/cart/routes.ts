import { type Larder, presets } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import { policies } from '../cache.ts';
import { conflict, notFound } from '../http/problem.ts';
import { parseBody } from '../http/validate.ts';
import type { CartRepository, PricedItem } from './cart-repository.ts';
import { type CartItem, cartItem } from './schemas.ts';
import { saveSession } from './session.ts';

/** A session is read and written whole. */
const MOST_ITEMS = 50;

export function cartRoutes(carts: CartRepository, larder: Larder, session: RequestHandler): Router {
  const router = Router();
  router.use(session, larder.cacheControl(presets.private));

  // Nobody would cache a cart. Asked to all the same, Larder sees whose it is and leaves it alone.
  router.get('/', larder.cacheResponse(policies.cart), async (req, res) => {
    res.json(asCart(await carts.priced(req.session.cart ?? [])));
  });

  router.post('/items', async (req, res) => {
    const added = parseBody(cartItem, req.body);
    if ((await carts.priced([added])).length === 0) throw notFound('product');
    const cart = withItem(req.session.cart ?? [], added);
    if (cart.length > MOST_ITEMS) throw conflict(`A cart holds ${MOST_ITEMS} products.`);
    req.session.cart = cart;
    await saveSession(req);
    res.status(201).json(asCart(await carts.priced(cart)));
  });

  return router;
}

const withItem = (cart: readonly CartItem[], added: CartItem): CartItem[] => [
  ...cart.filter((item) => item.productId !== added.productId),
  added,
];

const asCart = (items: readonly PricedItem[]) => ({
  items,
  totalCents: items.reduce((sum, { priceCents, quantity }) => sum + priceCents * quantity, 0),
});
