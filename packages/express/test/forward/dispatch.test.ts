import type { Request, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { dispatching } from '../../src/forward/dispatch.ts';
import type { Forwarding } from '../../src/forward/forwarding.ts';
import { NOTHING_SHOWN, outcomeOf, stage, type Unseen, where } from './kit.ts';
import { VERSIONS } from './versions.ts';

describe.each(VERSIONS)('$name dispatches a request that nobody sent', (version) => {
  it('through everything, as if it had just come', async () => {
    const own = dispatchingOnce();
    const { ask, runs } = stage(version, ({ express, app, behind }) => {
      const inner = express();
      const router = express.Router();
      const upstream = behind('upstream', (req, res, next) => {
        req.id = `${req.id ?? 'new'}, seen`;
        res.locals.url = [req.url, req.baseUrl, Object.keys(req.params)];
        res.set('X-Up', '1');
        next();
      });
      router.get(
        '/:id',
        own.middleware,
        behind(
          'handler',
          where(({ id }, { locals }) => ({ id, locals })),
        ),
      );
      inner.use('/in', router);
      app.use(upstream);
      app.use('/sub', inner);
    });
    const answer = await ask('/sub/in/7?a=1');
    const { body, status, headers } = await own.outcome();
    expect({ body, status, up: headers['x-up'] }).toEqual({
      body: answer.body.toString(),
      status: 200,
      up: '1',
    });
    expect(runs).toEqual({ upstream: 2, handler: 2 });
    expect(own.entered).toBe(2);
  });

  it('that is where the client is until it goes', async () => {
    const own = dispatchingOnce((made) => {
      const { url, baseUrl, params, query } = made.req;
      return { url, baseUrl, params, query: { ...query } };
    });
    const { ask } = stage(version, ({ express, app }) => {
      const router = express.Router();
      router.get('/:id', own.middleware, (_req, res) => void res.send('x'));
      app.use('/in', router);
    });
    await ask('/in/7?a=1');
    await own.outcome();
    expect(own.before).toEqual({ url: '/7?a=1', baseUrl: '/in', params: { id: '7' }, query: { a: '1' } });
  });

  it('without an answer where somebody unknown would be asked next', async () => {
    const own = dispatchingOnce();
    const { ask } = stage(version, ({ app }) => void app.use(own.middleware), {
      listener: (app) => (req, res) =>
        (app as unknown as (req: never, res: never, next: () => void) => void)(req, res, () =>
          (res as { end(): void }).end(),
        ),
    });
    await ask('/x');
    expect(await own.outcome()).toMatchObject({ body: '', finished: false });
  });

  it('with an answer of the app, where nobody takes it', async () => {
    const own = dispatchingOnce();
    const { ask } = stage(version, ({ app }) => void app.use(own.middleware));
    const { body } = await ask('/x');
    expect(await own.outcome()).toMatchObject({ body: body.toString(), status: 404, finished: true });
  });
});

/** Dispatches the first request that it is entered for, once the client has its answer. */
function dispatchingOnce(look: (made: Forwarding) => unknown = () => undefined) {
  const state = { entered: 0, before: undefined as unknown };
  let outcome: Promise<Unseen> | undefined;
  const middleware: RequestHandler = (req: Request, res, next) => {
    state.entered += 1;
    if (state.entered === 1) {
      const made = dispatching({ req, res, shown: NOTHING_SHOWN })!;
      outcome = outcomeOf(made.res);
      state.before = look(made);
      res.once('close', () => made.start());
    }
    next();
  };
  return Object.assign(state, { middleware, outcome: () => outcome! });
}
