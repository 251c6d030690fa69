import { type Larder, presets } from '@larder/express';
import { Router } from 'express';
import { policies } from '../cache.ts';
import type { CategoryRepository } from '../categories/category-repository.ts';
import { pageLinks } from '../http/page-links.ts';
import { notFound } from '../http/problem.ts';
import { integerId, parseQuery } from '../http/validate.ts';
import { listedTags, listTags, tag } from '../tags.ts';
import type { ProductRepository } from './product-repository.ts';
import type { ReviewRepository } from './review-repository.ts';
import { listQuery, reviewsQuery } from './schemas.ts';

export interface ProductReads {
  readonly products: ProductRepository;
  readonly reviews: ReviewRepository;
  readonly categories: CategoryRepository;
  readonly larder: Larder;
}

/** Browsers bring the cookies of analytics along, which nothing here looks at. */
const FOR_BROWSERS = { cookies: 'unread' } as const;

export function productReads({ products, reviews, categories, larder }: ProductReads): Router {
  const router = Router();
  router.param('id', integerId);

  router.get(
    '/',
    // Read again, and checked, by the handler: a query that makes no sense is answered 400 and never kept.
    larder.cacheResponse({ ...policies.productList, ...FOR_BROWSERS, tags: (req) => listTags(req.query) }),
    async (req, res) => {
      const query = parseQuery(listQuery, req.query);
      const { items, total } = await products.list(query);
      if (total === 0 && query.category && !(await categories.exists(query.category)))
        throw notFound('category');
      res.cache?.tag(...listedTags(items));
      res.json({ items, total, page: query.page, limit: query.limit, links: pageLinks(req, query, total) });
    },
  );

  router.get(
    '/:id',
    larder.cacheControl(presets.api),
    larder.cacheResponse({
      ...policies.productDetail,
      ...FOR_BROWSERS,
      tags: (req) => [tag.catalogue, tag.product(String(req.params.id))],
    }),
    async (req, res) => {
      const id = Number(req.params.id);
      const product = await products.find(id);
      if (product === undefined) throw notFound('product');
      const [rating, related] = await Promise.all([reviews.summary(id), products.boughtTogether(id, 4)]);
      // Which products are related may lag behind the latest orders; what is said of them may not.
      res.cache?.tag(tag.pricesOf(product.category), ...listedTags(related));
      res.json({ ...product, rating, related });
    },
  );

  router.get(
    '/:id/reviews',
    larder.cacheResponse({
      ...policies.reviews,
      ...FOR_BROWSERS,
      tags: (req) => [tag.catalogue, tag.product(String(req.params.id))],
    }),
    async (req, res) => {
      const id = Number(req.params.id);
      const query = parseQuery(reviewsQuery, req.query);
      if ((await products.find(id)) === undefined) throw notFound('product');
      const [items, { count }] = await Promise.all([reviews.page(id, query), reviews.summary(id)]);
      for (const { author } of items) res.cache?.tag(tag.user(author.id));
      res.json({
        items,
        total: count,
        page: query.page,
        limit: query.limit,
        links: pageLinks(req, query, count),
      });
    },
  );

  return router;
}
