import type { Request, RequestHandler, Response } from 'express';
import { appsAround, isOutermost } from './apps.ts';
import { type Arrived, follow } from './follow.ts';
import { type App, type Next, type Params, withRouter } from './internals.ts';
import { leadsTo, mayHideParams, urlOutside } from './live.ts';
import { isPristine, type Trail, trailsTo } from './trail.ts';

/** What stands behind a middleware: the rest of its route or router, then of each router around it. */
export interface Remainder {
  /**
   * Runs it as `next()` would have.
   * @param left called when everything in the app has passed the request on, and who is asked then is not known
   */
  run(req: Request, res: Response, left: Next): void;
}

/**
 * What stands behind `own`, which has been entered for `req` and has not called `next`; undefined where that is not
 * certain. Express's own routers run it, with the stacks that are left: what has matched so far matches again, and
 * nothing that stood before is called.
 */
export function remainderOf(own: RequestHandler, req: Request): Remainder | undefined {
  try {
    const url = urlOutside(req);
    if (url === undefined || (req.method !== 'GET' && req.method !== 'HEAD')) return undefined;
    const apps = appsAround(req);
    const trails = [...trailsTo(own, apps)];
    if (!trails.every(isPristine)) return undefined;
    const [trail, ...others] = trails.filter((found) => leadsTo(found, url, req));
    if (trail === undefined || others.length > 0 || mayHideParams(trail)) return undefined;
    return new Continuation(trail, url, req, isOutermost(apps[0], req) ? apps[0] : undefined);
  } catch {
    // Something in the way has a shape that nobody has seen.
    return undefined;
  }
}

/** As the live request was when the middleware was entered. */
interface Place {
  readonly params: Params;
  readonly route: unknown;
  readonly request: object;
  readonly response: object;
}

class Continuation implements Remainder {
  readonly #trail: Trail;
  readonly #url: string;
  readonly #place: Place;
  readonly #answering: App | undefined;

  /** `answering` answers by itself what nobody took. */
  constructor(trail: Trail, url: string, live: Request, answering: App | undefined) {
    this.#trail = trail;
    this.#url = url;
    this.#place = {
      params: copyOf(live.params),
      route: live.route,
      request: Object.getPrototypeOf(live),
      response: Object.getPrototypeOf(live.res),
    };
    this.#answering = answering;
  }

  run(req: Request, res: Response, left: Next): void {
    const poweredBy = res.getHeader('X-Powered-By');
    const arrived: Arrived = (_req, _res, next) => {
      // Express 5 says so whenever an app is entered; upstream may have had its own word since.
      if (poweredBy === undefined) res.removeHeader('X-Powered-By');
      else res.setHeader('X-Powered-By', poweredBy);
      this.#arrive(req, res);
      next();
    };
    const begin = (...entered: [Request, Response, Next]) =>
      follow(this.#trail, { arrived, matched: {} }, ...entered);
    Object.assign(req, { url: this.#url, baseUrl: '', params: undefined });
    try {
      if (this.#answering === undefined) begin(req, res, left);
      else withRouter(this.#answering, { handle: begin }).handle(req, res);
    } catch (error) {
      left(error);
    }
  }

  #arrive(req: Request, res: Response): void {
    const { params, route, request, response } = this.#place;
    Object.setPrototypeOf(req, request);
    Object.setPrototypeOf(res, response);
    Object.assign(req, { params: copyOf(params), route });
  }
}

const copyOf = (params: Params): Params =>
  Object.assign(Object.create(Object.getPrototypeOf(params)), params);
