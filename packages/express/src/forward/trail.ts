import type { RequestHandler } from 'express';
import {
  type App,
  isMount,
  isPristineLayer,
  isPristineRoute,
  isPristineRouter,
  isRouter,
  type Layer,
  type Route,
  type Router,
  routerOf,
} from './internals.ts';

interface At {
  readonly layer: Layer;
  /** What stands behind it there. */
  readonly rest: readonly Layer[];
}

/** A layer on the way from the outermost app to a middleware, and the stack that it stands in. */
export type Stage =
  | (At & { readonly kind: 'router'; readonly owner: Router; readonly app: App | undefined })
  | (At & { readonly kind: 'route'; readonly owner: Route });

/** From the outermost router to the middleware itself. */
export type Trail = readonly Stage[];

/** Every way to a middleware, by the identity of its function, through apps each of which is mounted in the one before. */
export function* trailsTo(own: RequestHandler, apps: readonly App[]): Generator<Trail> {
  const [app, ...inner] = apps;
  const router = app && routerOf(app);
  if (router === undefined || !Array.isArray(router.stack)) return;
  if (inner.length === 0) {
    yield* within(router, app, own, new Set([router]));
    return;
  }
  for (const [i, layer] of router.stack.entries()) {
    if (!isMount(layer)) continue;
    for (const trail of trailsTo(own, inner)) yield [inRouter(router, i, app), ...trail];
  }
}

/** `above` are the routers on the way here: one may be mounted in itself. */
function* within(
  router: Router,
  app: App | undefined,
  own: RequestHandler,
  above: ReadonlySet<Router>,
): Generator<Trail> {
  for (let i = 0; i < router.stack.length; i++) {
    const { handle, route } = router.stack[i]!;
    if (route !== undefined) {
      for (let j = 0; j < route.stack.length; j++) {
        if (route.stack[j]!.handle === own) yield [inRouter(router, i, app), inRoute(route, j)];
      }
    } else if (handle === own) {
      yield [inRouter(router, i, app)];
    } else if (isRouter(handle) && !above.has(handle)) {
      for (const trail of within(handle, undefined, own, new Set([...above, handle])))
        yield [inRouter(router, i, app), ...trail];
    }
  }
}

const inRouter = (owner: Router, i: number, app: App | undefined): Stage => ({
  kind: 'router',
  owner,
  app,
  layer: owner.stack[i]!,
  rest: owner.stack.slice(i + 1),
});

const inRoute = (owner: Route, i: number): Stage => ({
  kind: 'route',
  owner,
  layer: owner.stack[i]!,
  rest: owner.stack.slice(i + 1),
});

/** Whether every stage is as Express makes it. */
export const isPristine = (trail: Trail): boolean =>
  trail.every(
    ({ kind, owner, layer }) =>
      (kind === 'route' ? isPristineRoute(owner) : isPristineRouter(owner)) && isPristineLayer(layer),
  );
