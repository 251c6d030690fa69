import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { unwatched } from '../src/unwatched.ts';
import { suspend, type Watch, watch } from '../src/watch.ts';
import { shop } from './support/shop.ts';
import { handled, type Loose, put, readsIn, readsOf, WATCHED } from './support/watching.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** What a logger reads at the start of a request: the address, every field, who is asking. */
const logger: RequestHandler = (req, _res, next) => {
  void req.cookies?.sid;
  Object.assign(req, {
    line: [req.ip, JSON.stringify(req.headers), req.rawHeaders.length, (req as Loose).user],
  });
  next();
};

const handler = (req: Request) => req.get('x-handler');
const ONLY_THE_HANDLER = { fields: ['x-handler'] };

describe('what a middleware reads behind the cache', () => {
  it('counts', async () => {
    expect(await readsIn(handler, { behind: (app) => app.use(logger) })).toMatchObject({
      wholesale: true,
      others: ['ip'],
    });
  });

  it.each<[string, RequestHandler]>([
    ['', logger],
    [
      ' though it waits',
      async (req, res, next) => {
        await tick();
        logger(req, res, next);
      },
    ],
    [' twice over', unwatched(unwatched(logger))],
  ])('does not when it is unwatched%s', async (_how, middleware) => {
    const upstream = put({ user: 'alice', cookies: { sid: 's' } });
    const { reads, req } = await handled(handler, {
      upstream: (app) => app.use(upstream),
      behind: (app) => app.use(unwatched(middleware), unwatched(logger)),
    });
    expect(reads).toEqual(ONLY_THE_HANDLER);
    expect(req.line).toHaveLength(4);
  });

  it('counts again from the moment it calls next', async () => {
    const reads = await readsIn(handler, {
      behind: (app) =>
        app.use(
          unwatched((req, _res, next) => {
            next();
            req.get('x-after');
          }),
        ),
    });
    expect(reads.fields).toContain('x-after');
  });

  it('shows it no more than a handler may see', async () => {
    const { req } = await handled(handler, {
      fields: { Cookie: 'sid=s', 'If-None-Match': '"a"' },
      rules: { cookiesShown: [] },
      behind: (app) => app.use(unwatched(logger)),
    });
    expect((req.line as string[])[1]).not.toMatch(/sid|if-none-match/);
  });

  it('counts once the record is taken up again, however often that is asked for', async () => {
    const reads = await readsIn((req) => {
      const resume = suspend(req)!;
      req.get('x-suspended');
      resume();
      resume();
      handler(req);
    });
    expect(reads).toEqual(ONLY_THE_HANDLER);
  });

  it('is nothing to begin with where nobody watches', async () => {
    const { ask } = shop((app) => {
      app.get('/', unwatched(logger), (req, res) => void res.json((req as unknown as Loose).line));
    });
    expect(JSON.parse((await ask('/')).body.toString())).toHaveLength(4);
  });
});

describe('an unwatched middleware that', () => {
  /** Asks for `/` behind the middleware, and then tells what an error handler's reads were recorded as. */
  async function failing(middleware: RequestHandler) {
    let watched: Watch | undefined;
    let error: unknown;
    const { ask } = shop((app) => {
      app.use((req, _res, next) => {
        watched = watch(req, WATCHED);
        next();
      });
      app.use(unwatched(middleware));
      app.use(((given, req, res, _next) => {
        error = given;
        req.get('x-handler');
        res.status(500).end();
      }) as ErrorRequestHandler);
    });
    const answer = await ask('/');
    return { status: answer.status, error, reads: readsOf(watched!) };
  }

  const failure = new Error('no');

  it.each<[string, RequestHandler]>([
    [
      'throws',
      (req) => {
        req.get('x-before');
        throw failure;
      },
    ],
    [
      'calls next with an error',
      (req, _res, next) => {
        req.get('x-before');
        next(failure);
      },
    ],
  ])('%s hands on its error, and the record goes on', async (_how, middleware) => {
    expect(await failing(middleware)).toEqual({ status: 500, error: failure, reads: ONLY_THE_HANDLER });
  });

  it('rejects does so as well, where Express takes promises', async () => {
    const { ask } = shop((app) => {
      app.use((req, res, next) => {
        const watched = watch(req, WATCHED);
        const failed = unwatched(async () => {
          await tick();
          throw failure;
        })(req, res, next) as Promise<void>;
        failed.catch((error) => {
          handler(req);
          res.json([error.message, readsOf(watched)]);
        });
      });
    });
    expect(JSON.parse((await ask('/')).body.toString())).toEqual(['no', ONLY_THE_HANDLER]);
  });

  it('leaves for another route says so', async () => {
    const { ask } = shop((app) => {
      app.use((req, _res, next) => next(void watch(req, WATCHED)));
      app.get(
        '/',
        unwatched((_req, _res, next) => next('route')),
        (_req, res) => void res.send('this'),
      );
      app.get('/', (_req, res) => void res.send('other'));
    });
    expect((await ask('/')).body.toString()).toBe('other');
  });

  it('answers by itself gives the record back when the response closes', async () => {
    let watched: Watch | undefined;
    let request: Request | undefined;
    const { ask } = shop((app) => {
      app.use((req, _res, next) => {
        request = req;
        watched = watch(req, WATCHED);
        next();
      });
      app.use(unwatched((req, res) => void res.status(429).send(req.ip)));
    });
    expect((await ask('/')).status).toBe(429);
    await expect.poll(() => request!.res!.closed).toBe(true);
    expect(readsOf(watched!)).toEqual({});
    request!.get('x-late');
    expect(readsOf(watched!)).toEqual({ fields: ['x-late'] });
  });

  it('has gone on leaves nothing on the response', async () => {
    const { value } = await handled((_req, res) => res.listenerCount('close'), {
      behind: (app) => app.use(unwatched(logger), unwatched(logger)),
    });
    const { value: without } = await handled((_req, res) => res.listenerCount('close'));
    expect(value).toBe(without);
  });
});
