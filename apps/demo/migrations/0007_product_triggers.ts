import { triggerSchema } from '@larder/postgres';
import { APPLICATION } from '../src/db/pool.ts';
import { changedProductTags } from '../src/tags.ts';

/**
 * For who writes round the routes: psql, cron, other programs. The shop itself says more exactly what it has touched,
 * and that lists do not show the stock, which each order changes.
 */
export default (namespace: string): string =>
  triggerSchema({
    table: 'products',
    tags: changedProductTags,
    namespace,
    exceptApplication: APPLICATION,
  });
