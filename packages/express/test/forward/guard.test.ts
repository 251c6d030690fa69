import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { type Kit, ofClient, ofNobody, stage, where } from './kit.ts';
import { VERSIONS } from './versions.ts';

interface Case {
  readonly build: (kit: Kit) => void;
  readonly path?: string;
  readonly method?: string;
  /** How often the middleware is entered, which is once; a guard that only looks does not enter it. */
  readonly entered?: number;
}

const answer: RequestHandler = (_req, res) => void res.send('answered');

/** Where it cannot be told what stands behind the middleware, or where it stands. */
const REFUSED: Record<string, Case> = {
  'the same function twice in a row': {
    build: ({ app, own }) => void app.use(own, own, answer),
    entered: 2,
  },
  'the same function twice at one path': {
    build({ express, app, own }) {
      const router = express.Router();
      router.use(own);
      app.use(own, router, answer);
    },
    entered: 2,
  },
  'a function that wraps it': {
    build: ({ app, own }) => void app.use((req, res, next) => own(req, res, next), answer),
  },
  'a router that is wrapped': {
    build({ express, app, own }) {
      const router = express.Router();
      router.use(own);
      app.use((req, res, next) => router(req, res, next), answer);
    },
  },
  'a route of a router that is wrapped, where it stands in sight as well': {
    build({ express, app, own }) {
      const router = express.Router();
      router.get('/x', own);
      app.use((req, res, next) => router(req, res, next));
      // Behind the answer: nobody comes here.
      app.use(answer, own);
    },
  },
  'apps that are mounted at one path': {
    build({ express, app, own }) {
      const [first, second] = [express(), express()];
      second.use(own);
      app.use(first);
      app.use(second, answer);
    },
  },
  'a layer that somebody has changed': {
    build({ app, own }) {
      app.use(own, answer);
      for (const layer of stackOf(app)) {
        const { match } = layer;
        layer.match = function (path) {
          return match.call(this, path);
        };
      }
    },
  },
  'a router that somebody has changed': {
    build({ express, app, own, before }) {
      const router = express.Router();
      router.use(before('up'), own, answer);
      app.use(router);
      const changed = router as unknown as { handle: RequestHandler };
      const { handle } = changed;
      changed.handle = (req, res, next) => handle.call(router, req, res, next);
    },
  },
  'a route that somebody has changed': {
    build({ app, own, before }) {
      const route = app.route('/x').get(before('up'), own, answer) as unknown as { dispatch: RequestHandler };
      const { dispatch } = route;
      route.dispatch = (req, res, next) => dispatch.call(route, req, res, next);
      app.use(answer);
    },
  },
  'a URL rewritten to the root of where it stands': {
    build({ app, own }) {
      app.use((req, _res, next) => {
        req.url = '/new';
        next();
      });
      app.use('/new', own, answer);
    },
  },
  'a URL rewritten in the very route, but for nothing else than its slash': {
    build({ express, app, own }) {
      const router = express.Router();
      const rewriting: RequestHandler = (req, _res, next) => {
        req.url = '?a=1';
        next();
      };
      router.get('/', rewriting, own, answer);
      app.use('/x', router);
    },
    path: '/x?a=1',
  },
  'a URL rewritten in the very route that it stands in': {
    build({ app, own }) {
      const rewriting: RequestHandler = (req, _res, next) => {
        req.url = '/elsewhere';
        next();
      };
      app.get('/x', rewriting, own, answer);
    },
  },
  'a base that somebody has changed': {
    build({ app, own }) {
      app.use('/x', (req, _res, next) => {
        req.baseUrl = '/y';
        next();
      });
      app.use((req, _res, next) => {
        req.baseUrl = '/y';
        next();
      });
      app.get('/x', own, answer);
    },
  },
  'a request that is not for what a GET would get': {
    build: ({ app, own }) => void app.all('/x', own, answer),
    method: 'POST',
  },
  'a route for HEAD alone': {
    build({ app, own }) {
      app.head('/x', own, answer);
      app.get('/x', own, answer);
    },
    method: 'HEAD',
  },
  'parameters from outside that their handlers changed': {
    build({ express, app, own }) {
      const router = express.Router({ mergeParams: true });
      router.get('/:id', own, answer);
      app.param('shop', (req, _res, next) => {
        req.params.shop = 'another';
        next();
      });
      app.use('/:shop', router);
    },
    path: '/1/2',
  },
  'parameters from outside that may have been changed, out of sight': {
    build({ express, app, own }) {
      const [outer, inner] = [express.Router({ mergeParams: true }), express.Router()];
      inner.get('/:id', own, answer);
      outer.use(inner);
      app.param('shop', (req, _res, next) => {
        req.params.shop = 'another';
        next();
      });
      app.use('/:shop', outer);
    },
    path: '/1/2',
  },
  'parameters that somebody took away': {
    build({ app, own }) {
      app.get(
        '/:id',
        (req, _res, next) => {
          req.params = {};
          next();
        },
        own,
        answer,
      );
    },
  },
};

interface Layer {
  handle: unknown;
  match(path: string): unknown;
}

const stackOf = (app: Kit['app']): Layer[] => {
  const { _router, lazyrouter } = app as unknown as { _router?: { stack: Layer[] }; lazyrouter?: unknown };
  return lazyrouter === undefined ? (app.router as unknown as { stack: Layer[] }).stack : _router!.stack;
};

describe.each(VERSIONS)('$name forwards nothing for', (version) => {
  it.each(Object.entries(REFUSED))('%s', async (_, { build, path = '/x', method = 'GET', entered = 1 }) => {
    const { ask, forwarded, runs, expected } = stage(version, build);
    expect((await ask(path, {}, method)).status).toBe(200);
    expect(runs).toEqual(expected);
    expect(forwarded).toEqual(Array(entered).fill(undefined));
  });

  it('routers whose layers are not as any Express has made them', async () => {
    const spoil: ((layer: Record<string, unknown>) => void)[] = [
      (layer) => {
        const own = layer.match as () => unknown;
        Object.setPrototypeOf(layer, { ...protoOf(layer), match: undefined });
        layer.matches = own;
      },
      (layer) =>
        Object.setPrototypeOf(layer, {
          ...protoOf(layer),
          handleRequest: undefined,
          handle_request: undefined,
        }),
      (layer) =>
        Object.setPrototypeOf(layer, {
          ...protoOf(layer),
          match() {
            throw new Error('not like this');
          },
        }),
    ];
    for (const change of spoil) {
      const { ask, forwarded } = stage(version, ({ app, own }) => {
        const seen: RequestHandler = (req, res, next) => {
          const layer = stackOf(app).find(({ handle }) => handle === own) as unknown as Record<
            string,
            unknown
          >;
          const prototype = Object.getPrototypeOf(layer);
          change(layer);
          own(req, res, (...args: unknown[]) => {
            Object.setPrototypeOf(layer, prototype);
            next(...(args as []));
          });
          Object.setPrototypeOf(layer, prototype);
        };
        app.use(seen, answer, own);
      });
      await ask('/x');
      expect(forwarded).toEqual([undefined]);
    }
  });

  it('requests that are not of Node', async () => {
    const { ask, forwarded } = stage(version, ({ app, own }) => {
      let prototype: object;
      const change: RequestHandler = (req, _res, next) => {
        const { headers } = req;
        prototype = Object.getPrototypeOf(req);
        const other = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(app.request));
        Object.setPrototypeOf(req, Object.assign(other, { headers, emit() {} }));
        next();
      };
      const restore: RequestHandler = (req, _res, next) => {
        Object.setPrototypeOf(req, prototype);
        next();
      };
      app.use(change, own, restore, answer);
    });
    await ask('/x');
    expect(forwarded).toEqual([undefined]);
  });
});

const protoOf = (layer: object): Record<string, unknown> => {
  const prototype = Object.getPrototypeOf(layer);
  return Object.fromEntries(Object.getOwnPropertyNames(prototype).map((name) => [name, prototype[name]]));
};

/** Where one function stands at several places, and only one can be meant. */
const TOLD_APART: Record<string, Case> = {
  'routes, of which both match': {
    build({ app, own, behind }) {
      app.get('/other', own, () => {
        throw new Error('not this');
      });
      app.get('/:id', own, behind('handler', where()));
      app.get('/x', own, () => {
        throw new Error('not this');
      });
    },
  },
  'paths with parameters of different names': {
    build({ app, own, behind }) {
      app.use('/:first', own);
      app.get('/x', behind('handler', where()));
      app.use('/:second', own);
    },
  },
  'a router mounted at two paths': {
    build({ express, app, own, behind }) {
      const router = express.Router();
      router.get('/x', own, behind('handler', where()));
      app.use('/a', router);
      app.use('/b', router);
    },
    path: '/b/x',
  },
  'a router mounted in itself': {
    build({ express, app, own, behind }) {
      const router = express.Router();
      router.get('/x', own, behind('handler', where()));
      router.use('/again', router);
      app.use(router);
    },
  },
  'an app mounted at two paths': {
    build({ express, app, own, behind }) {
      const inner = express();
      inner.get('/x', own, behind('handler', where()));
      app.use('/a', inner);
      app.use('/b', inner);
    },
    path: '/a/x',
  },
  'apps mounted beside its own': {
    build({ express, app, own, behind }) {
      const inner = express();
      inner.get('/x', own, behind('handler', where()));
      app.use('/a', express());
      app.use('/b', inner);
      app.use('/c', express());
    },
    path: '/b/x',
  },
};

describe.each(VERSIONS)('$name tells apart', (version) => {
  it.each(Object.entries(TOLD_APART))('%s', async (_, { build, path = '/x' }) => {
    const { ask, unseen, runs, expected } = stage(version, build);
    const given = await ask(path);
    expect(ofNobody(await unseen())).toEqual(ofClient(given));
    expect(runs).toEqual(expected);
  });

  it.each([
    ['', 200],
    ['/nowhere', 404],
  ])('the app and a router that both have it, and goes on from where it is%s', async (rest, status) => {
    const { ask, outcomes, runs } = stage(
      version,
      ({ express, app, own, behind }) => {
        const router = express.Router();
        router.use(behind('between'), own);
        router.get('/x', behind('handler', where()));
        app.use(own);
        app.use('/in', router);
      },
      { start: 'ahead' },
    );
    const { body } = await ask(`/in/x${rest}`);
    const made = await Promise.all(outcomes);
    // The first that is forwarded, and what it and the client's forward from the router.
    const same = { status, body: body.toString(), finished: true };
    expect(made).toMatchObject([same, same, same]);
    expect(runs).toEqual({ between: 2, handler: rest === '' ? 4 : 0 });
  });

  it('a HEAD, which is forwarded as the GET that fills a cache', async () => {
    const { ask, unseen } = stage(version, ({ app, own }) => {
      app.get('/x', own, (req, res) => void res.send(`${req.method}`));
    });
    expect((await ask('/x', {}, 'HEAD')).status).toBe(200);
    expect(await unseen()).toMatchObject({ status: 200, body: 'GET' });
  });

  it('handlers that were added since, which are for requests that come later', async () => {
    const { ask, unseen } = stage(version, ({ app, own }) => {
      app.use(own);
      app.get('/x', (_req, res) => {
        app.use(() => {
          throw new Error('not this');
        });
        res.send('x');
      });
    });
    await ask('/x');
    expect((await unseen()).body).toBe('x');
  });
});
