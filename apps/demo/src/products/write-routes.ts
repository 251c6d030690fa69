import type { Larder } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import { currentUser, requireStaff } from '../http/authenticate.ts';
import { notFound } from '../http/problem.ts';
import { touchedOr } from '../http/touched.ts';
import { integerId, parseBody } from '../http/validate.ts';
import { productTags, reviewTags, tag } from '../tags.ts';
import type { ProductRepository } from './product-repository.ts';
import type { ReviewRepository } from './review-repository.ts';
import { productChanges, productInput, reviewInput } from './schemas.ts';

export interface ProductWrites {
  readonly products: ProductRepository;
  readonly reviews: ReviewRepository;
  readonly larder: Larder;
  readonly requireUser: RequestHandler;
}

export function productWrites({ products, reviews, larder, requireUser }: ProductWrites): Router {
  const router = Router();
  const staff = [requireUser, requireStaff, larder.invalidates(touchedOr(tag.catalogue))];
  router.param('id', integerId);

  router.post('/', ...staff, async (req, res) => {
    const product = await products.create(parseBody(productInput, req.body));
    res.locals.touched = productTags(undefined, product);
    res.status(201).location(`/api/products/${product.id}`).json(product);
  });

  const change = (schema: typeof productInput | typeof productChanges): RequestHandler<{ id: string }> => {
    return async (req, res) => {
      const updated = await products.update(Number(req.params.id), parseBody(schema, req.body));
      if (updated === undefined) throw notFound('product');
      res.locals.touched = productTags(updated.before, updated.after);
      res.json(updated.after);
    };
  };
  router.put('/:id', ...staff, change(productInput));
  router.patch('/:id', ...staff, change(productChanges));

  router.delete('/:id', ...staff, async (req, res) => {
    const product = await products.remove(Number(req.params.id));
    if (product === undefined) throw notFound('product');
    res.locals.touched = productTags(product, undefined);
    res.status(204).end();
  });

  router.post('/:id/reviews', requireUser, larder.invalidates(touchedOr(tag.catalogue)), async (req, res) => {
    const author = currentUser(req);
    const input = parseBody(reviewInput, req.body);
    const product = await products.find(Number(req.params.id));
    if (product === undefined) throw notFound('product');
    const review = await reviews.add(product.id, author.id, input);
    res.locals.touched = reviewTags(product, author.id);
    res.status(201).json(review);
  });

  return router;
}
