import type { Request } from 'express';

/** What metrics call a request that no route took. */
export const NO_ROUTE = '(none)';

/**
 * The pattern of the route that a request has come to (`/shops/:shop/items/:id`). A router's own mount path is
 * known to Express only as the text that matched, so values of parameters in it are turned back into names.
 * Once a failed request has left its router, Express has unset both.
 */
export function routeOf(req: Request): string {
  const path: unknown = req.route?.path;
  if (path === undefined) return NO_ROUTE;
  // Of two with one value the mount path's is the first.
  const named = Object.entries(req.params ?? {}).map(([name, value]) => [String(value), `:${name}`] as const);
  const names = new Map(named.reverse());
  const base = (req.baseUrl ?? '')
    .split('/')
    .map((segment) => names.get(decoded(segment)) ?? segment)
    .join('/');
  return `${base}${path === '/' && base !== '' ? '' : String(path)}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
