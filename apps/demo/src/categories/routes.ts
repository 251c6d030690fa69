import { type Larder, presets } from '@larder/express';
import { Router } from 'express';
import { policies } from '../cache.ts';
import { tag } from '../tags.ts';
import type { CategoryRepository } from './category-repository.ts';
import { CategoryService } from './category-service.ts';

const { ttl: maxAge, staleIfError } = policies.report;
const CDN = { maxAge, staleIfError };

export function categoryRoutes(categories: CategoryRepository, larder: Larder): Router {
  const service = new CategoryService(categories, larder);
  service.keepAhead();
  const router = Router();

  router.get('/', larder.cacheControl(presets.api), async (_req, res) => {
    res.json({ items: await service.all() });
  });

  router.get(
    '/report',
    // A CDN counts from Age, so its copy ends with this one; behind a new price it may lag as behind sales.
    larder.cacheControl({ noCache: true, cdn: CDN }),
    larder.cacheResponse({ ...policies.report, tags: [tag.catalogue, tag.listings, tag.categories] }),
    async (_req, res) => {
      res.json({ generatedAt: new Date(), categories: await categories.report() });
    },
  );

  return router;
}
