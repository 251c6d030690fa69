import { AsyncLocalStorage } from 'node:async_hooks';
import type { Request, RequestHandler, Response } from 'express';
import { Counter, collectDefaultMetrics, Histogram, type Registry } from 'prom-client';
import type { OnQuery } from '../db/database.ts';

export interface ShopMetrics {
  readonly measure: RequestHandler;
  readonly countQuery: OnQuery;
}

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

/** Requests by route and cache outcome, and the SQL behind each: what the cache saves is the difference. */
export function shopMetrics(register: Registry): ShopMetrics {
  const exchange = new AsyncLocalStorage<Exchange>();
  collectDefaultMetrics({ register });
  const queries = new Counter({
    name: 'shop_sql_queries_total',
    help: 'SQL statements, by the route they ran for and by name if they have one; "background" ones ran after the response had gone out, "scheduled" ones for no request.',
    labelNames: ['method', 'route', 'when', 'query'],
    registers: [register],
  });
  const seconds = new Histogram({
    name: 'shop_http_request_duration_seconds',
    help: 'Time to the end of the response.',
    labelNames: ['method', 'route', 'status', 'cache'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [register],
  });

  return {
    measure(req, res, next) {
      const stop = seconds.startTimer({ method: req.method });
      res.once('finish', () => {
        const cache = String(res.getHeader('X-Cache') ?? 'none');
        stop({ route: routeOf(req), status: res.statusCode, cache });
      });
      exchange.run({ req, res }, next);
    },
    countQuery(name) {
      const current = exchange.getStore();
      const labels = current ? ranFor(current) : { method: 'none', route: 'none', when: 'scheduled' };
      queries.inc({ ...labels, ...(name !== undefined && { query: name }) });
    },
  };
}

const ranFor = ({ req, res }: Exchange) => ({
  method: req.method,
  route: routeOf(req),
  when: res.writableEnded ? 'background' : 'request',
});

// The pattern, not the URL: a label for each product would be a series for each product.
const routeOf = (req: Request): string =>
  req.route ? `${req.baseUrl}${req.route.path}`.replace(/(?<=.)\/$/, '') : 'none';
