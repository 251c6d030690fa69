/** Stands for every route past the limit, so that no traffic can grow the number of time series. */
export const OTHER_ROUTES = '(other)';

/** Route labels, the first `limit` of them by name. */
export function boundedRoutes(limit: number): (route: string) => string {
  const known = new Set<string>();
  return (route) => {
    if (known.has(route)) return route;
    if (known.size >= limit) return OTHER_ROUTES;
    known.add(route);
    return route;
  };
}
