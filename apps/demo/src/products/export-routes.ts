import type { Larder } from '@larder/express';
import { Router } from 'express';
import { csv } from '../http/csv.ts';
import { tag } from '../tags.ts';
import type { ExportedProduct, ExportRepository } from './export-repository.ts';

const COLUMNS = ['id', 'sku', 'name', 'category', 'priceCents'] as const;
// Whoever changes the columns raises it, or what is kept from before goes on being called right.
const FORMAT = 1;

// No Last-Modified: a product that was removed leaves no date, and the one before would still look right.
const KEPT = {
  'Cache-Control': 'public, max-age=60, stale-if-error=600',
  'Accept-Ranges': 'bytes',
} as const;

export function productExport(products: ExportRepository, larder: Larder): Router {
  const router = Router();

  router.get(
    '/',
    // No ttl: what the response says of itself counts, here as with every cache between here and its reader.
    larder.cacheResponse({ tags: [tag.catalogue, tag.listings] }),
    async (req, res) => {
      // Before the rows: a write in between leaves new rows under an old version, which are fetched once more.
      const etag = `"${FORMAT}-${await products.version()}"`;
      // What Larder asks with, once what it has is stale.
      const unchanged = req.get('If-None-Match') === etag;
      const text = unchanged ? undefined : toCsv(await products.all());
      // Not before: a failure on the way would go out with them, and be kept for as long.
      res.set({ ...KEPT, ETag: etag });
      if (text === undefined) res.status(304).end();
      else res.type('csv').send(text);
    },
  );

  return router;
}

const toCsv = (products: readonly ExportedProduct[]): string =>
  csv([COLUMNS, ...products.map((product) => COLUMNS.map((column) => product[column]))]);
