import { type Larder, presets } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import { requireStaff } from '../http/authenticate.ts';
import { parseBody } from '../http/validate.ts';
import { tag } from '../tags.ts';
import { type CacheCommand, cacheCommand } from './schemas.ts';

/** For when something looks odd and nobody knows why: staff may have it made anew, and cannot see what is kept. */
export function cacheRoutes(larder: Larder, requireUser: RequestHandler): Router {
  const router = Router();

  router.post('/', requireUser, requireStaff, larder.cacheControl(presets.noStore), async (req, res) => {
    res.json(await invalidate(larder, parseBody(cacheCommand, req.body)));
  });

  return router;
}

function invalidate({ cache }: Larder, { soft, ...what }: CacheCommand) {
  if ('urls' in what) return cache.invalidateMatching(what, { soft });
  if ('url' in what) return cache.invalidateUrl(what.url, { soft });
  return cache.invalidate(tag.product(what.product), { soft });
}
