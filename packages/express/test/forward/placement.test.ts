import { describe, expect, it } from 'vitest';
import { type Kit, type Loose, ofClient, ofNobody, stage, where } from './kit.ts';
import { VERSIONS } from './versions.ts';

interface Case {
  readonly build: (kit: Kit) => void;
  readonly path: string;
}

/** Wherever the middleware stands, and whatever stands behind it. */
const CASES: Record<string, Case> = {
  'behind app.use': {
    build({ app, own, before, behind }) {
      app.use(before('up'), own);
      app.get('/x', behind('handler', where()));
    },
    path: '/x?a=1&b=2',
  },
  'behind app.use with a path': {
    build({ app, own, before, behind }) {
      app.use(before('up'));
      app.use('/shop', before('up2'), own);
      app.get('/shop/x', behind('handler', where()));
    },
    path: '/shop/x?a=1',
  },
  'in the same app.use as its handler, at its very path': {
    build({ app, own, before, behind }) {
      app.use('/shop', before('up'), own, behind('handler', where()));
    },
    path: '/shop?a=1',
  },
  'at its very path with a slash': {
    build: ({ app, own, behind }) => void app.use('/shop', own, behind('handler', where())),
    path: '/shop/?a=1',
  },
  'at a path declared with a slash': {
    build: ({ app, own, behind }) => void app.use('/shop/', own, behind('handler', where())),
    path: '/shop/x',
  },
  'behind app.use with parameters': {
    build({ app, own, before, behind }) {
      app.use(
        '/:shop',
        before('up'),
        own,
        behind('next', (req, res, next) => {
          res.locals.shop = req.params;
          next();
        }),
      );
      app.get(
        '/:any/:id',
        behind(
          'handler',
          where((_req, { locals }) => locals),
        ),
      );
    },
    path: '/sh%20op/5',
  },
  'behind app.use with several paths': {
    build({ app, own, before, behind }) {
      app.use(['/a', '/b/:x'], before('up'), own, behind('handler', where()));
    },
    path: '/b/5/c',
  },
  'behind app.use with a pattern': {
    build: ({ app, own, behind }) => void app.use(/^\/sh(o)p/, own, behind('handler', where())),
    path: '/shop/x',
  },
  'in a list of middleware': {
    build({ app, own, before, behind }) {
      app.get('/x', [before('up'), [own, behind('next')]] as never, behind('handler', where()));
    },
    path: '/x',
  },
  'in a route': {
    build({ app, own, before, behind }) {
      app.use(before('global'));
      app.get('/r/:id', before('up'), own, behind('next'), behind('handler', where()));
    },
    path: '/r/a%2Fb?x=1',
  },
  'in a route of several paths': {
    build: ({ app, own, behind }) => void app.get(['/a/:id', '/b/:name'], own, behind('handler', where())),
    path: '/b/5',
  },
  'in app.all': {
    build: ({ app, own, before, behind }) =>
      void app.all('/all', before('up'), own, behind('next'), behind('handler', where())),
    path: '/all',
  },
  'in router.all': {
    build({ express, app, own, before, behind }) {
      const router = express.Router();
      router.all('/all', before('up'), own, behind('handler', where()));
      app.use('/in', router);
    },
    path: '/in/all',
  },
  'in router.route for all, ahead of several methods': {
    build({ express, app, own, before, behind }) {
      const router = express.Router();
      router
        .route('/x')
        .all(before('up'), own)
        .post((_req, res) => void res.send('not this'))
        .get(behind('handler', where()));
      app.use(router);
    },
    path: '/x',
  },
  'in a router': {
    build({ express, app, own, before, behind }) {
      const router = express.Router();
      router.use(before('up'), own);
      router.get('/x/:id', behind('handler', where()));
      app.use('/in/:it', before('up2'), router);
    },
    path: '/in/that/x/7',
  },
  'in a route of a router, at its root': {
    build({ express, app, own, behind }) {
      const router = express.Router();
      router.get('/', own, behind('handler', where()));
      app.use('/in', router);
    },
    path: '/in?x=1',
  },
  'in nested routers that merge parameters': {
    build({ express, app, own, before, behind }) {
      const [outer, middle, inner] = [0, 1, 2].map(() => express.Router({ mergeParams: true }));
      inner!.get(
        '/:c',
        before('up'),
        own,
        behind('next', (_req, _res, next) => next('route')),
      );
      inner!.get('/:d', behind('handler', where()));
      middle!.use('/:b', inner!);
      outer!.use('/:a', middle!);
      app.use('/:app', outer!);
    },
    path: '/1/2/3/4',
  },
  'in nested routers that do not': {
    build({ express, app, own, before, behind }) {
      const [outer, inner] = [express.Router(), express.Router()];
      inner.use('/:b', before('up'), own);
      inner.get('/:b/:c', behind('handler', where()));
      outer.use('/:a', inner);
      app.use(outer);
    },
    path: '/1/2/3',
  },
  'with all that it stands in passing on to a later route': {
    build({ express, app, own, before, behind }) {
      const [outer, inner] = [express.Router(), express.Router({ mergeParams: true })];
      inner.use('/:b', before('up'), own, behind('in the inner'));
      outer.use('/:a', inner, behind('in the outer'));
      app.use('/in', outer);
      app.use(
        '/in',
        behind('in the app', (req, res, next) => {
          res.locals.mount = [req.url, req.baseUrl, req.params];
          next();
        }),
      );
      app.get(
        '/:x/:y/:z',
        behind(
          'handler',
          where((_req, { locals }) => locals),
        ),
      );
    },
    path: '/in/1/2',
  },
  'with a later router to answer': {
    build({ express, app, own, before, behind }) {
      const [first, second] = [express.Router(), express.Router()];
      first.get('/x', before('up'), own, behind('next'));
      second.get('/x', behind('handler', where()));
      app.use('/in', first);
      app.use('/in', second);
    },
    path: '/in/x',
  },
  'with a router behind it': {
    build({ express, app, own, behind }) {
      const router = express.Router();
      router.param('id', (req, _res, next, id) => {
        (req as Loose).found = `found ${id}`;
        next();
      });
      router.get(
        '/:id',
        behind(
          'handler',
          where(({ found }) => ({ found })),
        ),
      );
      app.use('/in', own, router);
    },
    path: '/in/7',
  },
  "with next('route') behind it": {
    build({ app, own, behind }) {
      app.get(
        '/x',
        own,
        behind('out', (_req, _res, next) => next('route')),
        () => {
          throw new Error('not this');
        },
      );
      app.get('/x', behind('handler', where()));
    },
    path: '/x',
  },
  "with next('router') behind it": {
    build({ express, app, own, behind }) {
      const router = express.Router();
      router.get(
        '/x',
        own,
        behind('out', (_req, _res, next) => next('router')),
      );
      router.use(() => {
        throw new Error('not this');
      });
      app.use('/in', router);
      app.get('/in/x', behind('handler', where()));
    },
    path: '/in/x',
  },
  'behind an earlier route that passed on': {
    build({ express, app, own, before, behind }) {
      const router = express.Router();
      router.all('/x', before('earlier'));
      app.use(router);
      app.all('/x', before('earlier2'));
      app.use(own);
      app.get('/x', behind('handler', where()));
    },
    path: '/x',
  },
  'in a mounted app': {
    build({ express, app, own, before, behind }) {
      const inner = express();
      inner.set('title', 'inner');
      inner.use(before('up'), own);
      inner.get(
        '/x/:id',
        behind(
          'handler',
          where(({ app: at }) => ({ title: at.get('title') })),
        ),
      );
      app.use('/sub/:s', before('up2'), inner);
    },
    path: '/sub/5/x/6',
  },
  'in a mounted app that passes on': {
    build({ express, app, own, before, behind }) {
      const inner = express();
      app.set('title', 'outer');
      inner.set('title', 'inner');
      inner.get(
        '/x',
        before('up'),
        own,
        behind('in the inner', (req, res, next) => {
          res.locals.titles = [req.app.get('title'), res.app.get('title')];
          next();
        }),
      );
      app.use('/sub', inner);
      const handler = where((req, res) => ({
        titles: [...res.locals.titles, req.app.get('title'), res.app.get('title')],
      }));
      app.get('/sub/x', behind('handler', handler));
    },
    path: '/sub/x',
  },
  'in an app within an app, in a router': {
    build({ express, app, own, before, behind }) {
      const [outer, inner] = [express(), express()];
      const router = express.Router();
      router.get(
        '/x',
        before('up'),
        own,
        behind(
          'handler',
          where(({ app: at }) => ({ at: at.path() })),
        ),
      );
      inner.use('/in', router);
      outer.use('/b', inner);
      app.use('/other', express());
      app.use('/a', outer);
    },
    path: '/a/b/in/x',
  },
  'ahead of a mounted app': {
    build({ express, app, own, behind }) {
      const inner = express();
      inner.set('title', 'inner');
      inner.disable('x-powered-by');
      inner.get(
        '/x',
        behind(
          'handler',
          where(({ app: at }) => ({ title: at.get('title') })),
        ),
      );
      app.use(own);
      app.use('/sub', inner);
    },
    path: '/sub/x',
  },
  'with parameters that have handlers': {
    build({ express, app, own, before, behind }) {
      const router = express.Router({ mergeParams: true });
      const load = before('load');
      router.param('id', (req, res, next, id) => {
        (req as Loose).item = `item ${id}`;
        load(req, res, next);
      });
      router.get(
        '/:id',
        own,
        behind(
          'handler',
          where(({ item }) => ({ item })),
        ),
      );
      app.param('shop', (req, _res, next, shop) => {
        (req as Loose).shop = `shop ${shop}`;
        next();
      });
      app.use('/:shop', router);
    },
    path: '/1/2',
  },
  'with parameters that their handlers changed': {
    build({ app, own, behind }) {
      app.param('id', (req, _res, next, id) => {
        (req as Loose).params = { ...req.params };
        req.params.id = `${id}!`;
        req.params.more = 'more';
        next();
      });
      app.get('/:id', own, behind('handler', where()));
    },
    path: '/5',
  },
  'with parameters that have handlers for what is behind it': {
    build({ app, own, behind }) {
      app.param('id', async (req, _res, next, id) => {
        await new Promise(setImmediate);
        req.params.id = `${id}!`;
        next();
      });
      app.use('/:any', own);
      app.get('/:id', behind('handler', where()));
    },
    path: '/5',
  },
  'in a router that is strict and minds the case': {
    build({ express, app, own, behind }) {
      const router = express.Router({ strict: true, caseSensitive: true });
      router.use(own);
      router.get('/X/', () => {
        throw new Error('not this');
      });
      router.get('/x', () => {
        throw new Error('not this');
      });
      router.get('/x/', behind('handler', where()));
      app.use('/in', router);
    },
    path: '/IN/x/',
  },
  'behind what rewrote the URL': {
    build({ express, app, own, before, behind }) {
      const router = express.Router();
      router.get('/x', own, behind('handler', where()));
      app.use(
        before('rewriting', (req, _res, next) => {
          req.url = req.url.replace('/old', '/new');
          next();
        }),
      );
      app.use('/new', router);
    },
    path: '/old/x?a=1',
  },
  'behind what rewrote the URL in its own router': {
    build({ express, app, own, before, behind }) {
      const router = express.Router();
      router.use(
        before('rewriting', (req, _res, next) => {
          req.url = '/new';
          next();
        }),
      );
      router.get('/new', own, behind('next'));
      app.use('/in', router);
      app.get('/in/new', behind('handler', where()));
    },
    path: '/in/old?a=1',
  },
  'behind more synchronous middleware than a stack takes': {
    build({ app, own, before, behind }) {
      for (let i = 0; i < 150; i++) app.use(before(`up ${i}`));
      app.use(own);
      for (let i = 0; i < 150; i++) app.use(behind(`next ${i}`));
      app.use(behind('handler', where()));
    },
    path: '/x',
  },
};

describe.each(VERSIONS)('$name forwards a request', (version) => {
  describe.each(['ahead', 'after'] as const)('%s of it', (start) => {
    it.each(Object.entries(CASES))('%s', async (_, { build, path }) => {
      const { ask, unseen, runs, expected, live } = stage(version, build, { start });
      const control = await stage(version, (kit) => build({ ...kit, own: (_q, _s, next) => next() })).ask(
        path,
      );
      const answer = await ask(path);
      expect(ofClient(answer)).toEqual(ofClient(control));
      expect(answer.status).toBe(200);
      const { url, baseUrl, params } = live().req;
      const made = await unseen();
      expect(ofNobody(made)).toEqual(ofClient(answer));
      expect(made.finished).toBe(true);
      expect(runs).toEqual(expected);
      expect(live().req).toMatchObject({ url, baseUrl, params });
    });
  });
});
