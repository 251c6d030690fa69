import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Kit, ofClient, ofNobody, stage, where } from './kit.ts';
import { VERSIONS } from './versions.ts';

interface Case {
  readonly build: (kit: Kit) => void;
  readonly status: number;
  readonly only?: 4 | 5;
}

/** Without the stack, which says who called. */
const failure = (message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { stack: '' }, more);

const throwing = (error: unknown) => () => {
  throw error;
};

const CASES: Record<string, Case> = {
  'an error handler of the app, by a throw': {
    build({ app, own, behind, rescue }) {
      app.get('/x', own, behind('handler', throwing(failure('thrown'))));
      app.use(rescue('rescue', ({ message }, _req, res) => void res.status(503).send(message)));
    },
    status: 503,
  },
  'an error handler of the app, by next(error)': {
    build({ app, own, behind, rescue }) {
      app.use(rescue('too early', () => {}));
      app.use(own);
      app.get(
        '/x',
        behind('handler', (_req, _res, next) => next(failure('passed'))),
      );
      app.get('/x', throwing(failure('not this')));
      app.use(rescue('rescue', ({ message }, _req, res) => void res.status(503).send(message)));
    },
    status: 503,
  },
  'an error handler of the app, by a promise': {
    build({ app, own, behind, rescue }) {
      app.get(
        '/x',
        own,
        behind('handler', async () => Promise.reject(failure('rejected'))),
      );
      app.use(rescue('rescue', ({ message }, _req, res) => void res.status(503).send(message)));
    },
    status: 503,
    only: 5,
  },
  'an error handler that passes on, and another': {
    build({ express, app, own, behind, rescue }) {
      const router = express.Router();
      router.get(
        '/x',
        own,
        behind('handler', throwing(failure('first'))),
        rescue('in the route', ({ message }, _req, _res, next) => next(failure(`${message}, second`))),
      );
      router.use(
        rescue('in the router', ({ message }, _req, _res, next) => next(failure(`${message}, third`))),
      );
      app.use('/', router);
      app.use(
        rescue(
          'in the app',
          ({ message }, req, res) => void res.status(500).json([message, req.url, req.baseUrl]),
        ),
      );
    },
    status: 500,
  },
  'an error handler that lets the rest go on': {
    build({ app, own, behind, rescue }) {
      app.use(
        own,
        behind('handler', throwing(failure('thrown'))),
        rescue('rescue', (_e, _q, _s, next) => next()),
      );
      app.get('/x', behind('later', where()));
    },
    status: 200,
  },
  'an error handler of the app that another app is mounted in': {
    build({ express, app, own, behind, rescue }) {
      const inner = express();
      app.set('title', 'outer');
      inner.set('title', 'inner');
      inner.use(own, behind('handler', throwing(failure('thrown'))));
      app.use('/x', inner);
      app.use(
        rescue('rescue', (_error, req, res) => {
          res.status(500).json([req.app.get('title'), res.app.get('title'), req.baseUrl, req.url]);
        }),
      );
    },
    status: 500,
  },
  'a failing handler of a parameter': {
    build({ app, own, behind, rescue }) {
      app.use(own);
      app.param('id', (_req, _res, next, id) => next(failure(`no ${id}`)));
      app.get('/:id', behind('never counted', where()));
      app.use(rescue('rescue', ({ message }, _req, res) => void res.status(404).send(message)));
    },
    status: 404,
  },
  'the app itself, for an error': {
    build: ({ app, own, behind }) => void app.get('/x', own, behind('handler', throwing(failure('thrown')))),
    status: 500,
  },
  'the app itself, for an error with a status and fields': {
    build({ app, own, behind }) {
      const teapot = failure('', { status: 418, headers: { 'X-Pot': 'tea' } });
      app.get(
        '/x',
        own,
        behind('handler', (_req, _res, next) => next(teapot)),
      );
    },
    status: 418,
  },
  'the app itself in production, which tells nothing': {
    build({ app, own, behind }) {
      app.set('env', 'production');
      app.get('/x', own, behind('handler', throwing(failure('secret', { stack: 'secret' }))));
    },
    status: 500,
  },
  'the app itself, where nobody answers': {
    build({ express, app, own, behind }) {
      const router = express.Router();
      router.get('/x', own, behind('next'));
      app.use('/', router);
    },
    status: 404,
  },
  'the app itself, for an error from an app mounted in it': {
    build({ express, app, own, behind }) {
      const inner = express();
      inner.get('/x', own, behind('handler', throwing(failure('thrown'))));
      app.use('/', inner);
    },
    status: 500,
  },
};

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(VERSIONS)('$name takes what fails to', (version) => {
  const cases = Object.entries(CASES).filter(([, { only }]) => only === undefined || only === version.major);

  it.each(cases)('%s', async (_, { build, status }) => {
    const { ask, unseen, runs, expected } = stage(version, build);
    const answer = await ask('/x');
    expect(answer.status).toBe(status);
    const made = await unseen();
    expect(ofNobody(made)).toEqual(ofClient(answer));
    const never = { 'never counted': 0, 'too early': 0 };
    const reached = Object.fromEntries(
      Object.entries(expected).map(([name, n]) => [name, name in never ? 0 : n]),
    );
    expect(runs).toEqual(reached);
  });

  it('the app itself, which tells of it as of any other', async () => {
    const { ask, unseen } = stage(version, ({ app, own }) => {
      app.set('env', 'development');
      app.get('/x', own, throwing(failure('told')));
    });
    await ask('/x');
    await unseen();
    await new Promise(setImmediate);
    expect(console.error).toHaveBeenCalledTimes(2);
  });

  it('an end of the connection, once something has been sent', async () => {
    const { ask, unseen } = stage(version, ({ app, own }) => {
      app.get('/x', own, (_req, res, next) => {
        res.write('begun');
        next(failure('late'));
      });
    });
    await expect(ask('/x')).rejects.toThrow();
    expect(await unseen()).toMatchObject({ body: 'begun', finished: false });
  });
});

describe.each(VERSIONS)('$name in something else', (version) => {
  it('is left without an answer where somebody unknown would be asked next', async () => {
    const { ask, unseen, runs } = stage(
      version,
      ({ app, own, behind }) => {
        app.get('/x', own, behind('next'));
        app.get('/y', own, behind('failing', throwing(failure('thrown'))));
      },
      {
        listener: (app) => (req, res) =>
          (app as unknown as (req: never, res: { end(text: string): void }, next: () => void) => void)(
            req,
            res,
            () => (res as { end(text: string): void }).end('from outside'),
          ),
      },
    );
    for (const path of ['/x', '/y']) {
      expect((await ask(path)).body.toString()).toBe('from outside');
      expect(await unseen()).toMatchObject({ body: '', finished: false });
    }
    expect(runs).toEqual({ next: 2, failing: 2 });
  });

  it('is left so where it is an app in a bare router', async () => {
    const { ask, unseen, forwarded } = stage(version, ({ express, app, own, behind }) => {
      const inner = express();
      inner.get('/x', own, behind('next'));
      const router = express.Router();
      router.use('/', inner);
      router.use('/in', inner);
      app.use(router, (_req, res) => void res.send('from outside'));
    });
    expect((await ask('/x')).body.toString()).toBe('from outside');
    expect(await unseen()).toMatchObject({ body: '', finished: false });
    await ask('/in/x');
    expect(forwarded).toEqual([expect.anything(), undefined]);
  });
});
