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

const invalidate = ({ cache }: Larder, command: CacheCommand) =>
  'url' in command
    ? cache.invalidateUrl(command.url, { soft: command.soft })
    : cache.invalidate(tag.product(command.product), { soft: command.soft });
