import type { Request, Response } from 'express';

/**
 * All of Express that forwarding rests on and that is not in its manual. Everything here is the same from 4.17 on,
 * but for what is said; what has another shape is not touched.
 */

export type Next = (error?: unknown) => void;

type Handle = (req: Request, res: Response, next: Next) => void;

/** One entry of a stack. Express 4 and router before 2.3 keep on it what the last request matched. */
export interface Layer {
  readonly handle: unknown;
  /** Where the entry is a route of its router. */
  readonly route?: Route | undefined;
  /** An object from router 2.3 on. */
  match(path: string): boolean | Match;
  /** Names of parameters, whose handlers are called when the layer has matched. */
  keys?: readonly unknown[];
  /** What was matched; from router 2.3 on in what `match` returns. */
  readonly params?: Params;
  /** Express 4. */
  readonly handle_request?: Handle;
  /** Express 5. */
  readonly handleRequest?: Handle;
}

export interface Match {
  readonly params: Params;
  readonly keys: readonly unknown[];
}

export type Params = Record<string, unknown>;

interface Stacked {
  readonly stack: readonly Layer[];
}

export interface Router extends Stacked {
  readonly handle: Handle;
  readonly mergeParams?: boolean;
  /** Handlers of parameters, by name. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Route extends Stacked {
  readonly dispatch: Handle;
}

export interface App {
  /** Without `next` it answers by itself what no handler took. */
  handle(req: Request, res: Response, next?: Next): void;
  /** Where it was mounted last. */
  readonly parent?: App;
  readonly request: object;
  readonly response: object;
  get(setting: string): unknown;
}

/** Express 4 makes the router when the first handler is given, and has a trap where Express 5 has it. */
export function routerOf(app: App): Router | undefined {
  const { lazyrouter, _router } = app as App & { lazyrouter?: unknown; _router?: Router };
  return lazyrouter === undefined ? (app as App & { router?: Router }).router : _router;
}

export const isRouter = (handle: unknown): handle is Router =>
  typeof handle === 'function' &&
  Array.isArray((handle as Partial<Router>).stack) &&
  typeof (handle as Partial<Router>).handle === 'function';

/** What `app.use(otherApp)` puts on the stack; the other app is in its closure and nowhere else. */
export const isMount = ({ handle, route }: Layer): boolean =>
  route === undefined && typeof handle === 'function' && handle.name === 'mounted_app';

/** Whether nobody has put something of his own in the place of what forwarding stands in for or calls. */
export const isPristineRouter = (router: Router): boolean =>
  !Object.hasOwn(router, 'handle') && typeof router.handle === 'function';

export const isPristineRoute = (route: Route): boolean =>
  !Object.hasOwn(route, 'dispatch') && typeof route.dispatch === 'function';

export const isPristineLayer = (layer: Layer): boolean =>
  typeof layer.match === 'function' &&
  typeof (layer.handleRequest ?? layer.handle_request) === 'function' &&
  !['match', 'handleRequest', 'handle_request'].some((name) => Object.hasOwn(layer, name));

/** The app itself, with a router of ours in place of its own. */
export const withRouter = (app: App, router: Pick<Router, 'handle'>): App =>
  Object.create(app, { router: { value: router }, _router: { value: router } });

/** The router or route itself, with another stack. */
export const withStack = <T extends Stacked>(owner: T, stack: readonly Layer[]): T =>
  Object.create(owner, { stack: { value: stack } });

/**
 * A layer that matches as `layer` does and goes on with `onward`. Its parameters have had their handlers, which are
 * not called again, and what it keeps of a match is its own.
 */
export function standIn(layer: Layer, onward: Handle, matched: (params: Params) => void = () => {}): Layer {
  const match = (path: string): boolean | Match => {
    const found = layer.match.call(copy, path);
    copy.keys = [];
    if (typeof found !== 'object') {
      if (found) matched(copy.params ?? {});
      return found;
    }
    matched(found.params);
    return { ...found, keys: [] };
  };
  const copy: Layer = Object.create(layer, {
    match: { value: match },
    handle_request: { value: onward },
    handleRequest: { value: onward },
  });
  return copy;
}
