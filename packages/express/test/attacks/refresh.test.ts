import { AsyncLocalStorage } from 'node:async_hooks';
import type { Request, RequestHandler, Response } from 'express';
import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/index.ts';
import { later, route, shop, text, x } from '../support/shop.ts';

const policy = { ttl: 10, staleWhileRevalidate: 600 } as const;

const put =
  (more: (req: Request) => object): RequestHandler =>
  (req, _res, next) =>
    next(void Object.assign(req, more(req)));

/** A cookie for each visitor who has none yet. */
const visitors: RequestHandler = (req, res, next) => {
  if (!req.headers.cookie) res.cookie('visitor', '1');
  next();
};

describe('a refresh shows its handler nothing of the client that set it off', () => {
  type Reader = { field(name: string): string | undefined };
  const storage = new AsyncLocalStorage<Request>();
  const reader = (req: Request): Reader => ({ field: (name) => req.get(name) });

  it.each<[string, RequestHandler, (req: Request, res: Response) => Reader]>([
    ['through a function on the request', put(reader), (req) => req as Request & Reader],
    [
      'through an object on the request',
      put((req) => ({ context: { req } })),
      (req) => reader((req as Request & { context: { req: Request } }).context.req),
    ],
    [
      'through a function in locals',
      (req, res, next) => next(void Object.assign(res.locals, reader(req))),
      (_req, res) => res.locals as Reader,
    ],
    [
      'through AsyncLocalStorage',
      (req, _res, next) => storage.run(req, next),
      () => reader(storage.getStore()!),
    ],
  ])('%s', async (_way, upstream, read) => {
    const { ask, clock, observer } = shop((app, larder) => {
      app.use(upstream);
      app.get('/', larder.cacheResponse({ ...policy, cookies: 'ignore' }), (req, res) => {
        res.send(read(req, res).field('cookie') ?? 'nobody');
      });
    });
    expect(text(await ask('/', { Cookie: 'sid=first' }))).toBe('nobody');
    clock.advance(12_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/', { Cookie: 'sid=victim' }))).toBe('STALE');
    await refreshed;
    expect(text(await ask('/'))).toBe('nobody');
  });

  it('through a field that nothing keys, which would not be kept in the foreground either', async () => {
    type Linking = Request & { absolute(path: string): string };
    let runs = 0;
    const { ask, clock, observer } = shop((app, larder) => {
      app.use(
        put((req) => ({ absolute: (path: string) => `${req.get('x-forwarded-prefix') ?? ''}${path}` })),
      );
      app.get('/', larder.cacheResponse(policy), (req, res) => {
        runs += 1;
        res.send(runs === 1 ? 'plain' : (req as Linking).absolute('/a.js'));
      });
    });
    await ask('/');
    clock.advance(12_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/', { 'X-Forwarded-Prefix': '//evil' }))).toBe('STALE');
    await refreshed;
    expect(text(await ask('/'))).not.toContain('evil');
  });
});

describe('a refresh is not stopped by its client, who has left', () => {
  it.each<[string, (req: Request, res: Response) => object, (controller: AbortController) => object]>([
    ['a signal on the request', (req) => req, ({ signal }) => ({ leaving: signal })],
    ['a controller on the request', (req) => req, (controller) => ({ leaving: controller })],
    ['a signal in locals', (_req, res) => res.locals, ({ signal }) => ({ leaving: signal })],
  ])('though upstream has put %s', async (_what, place, given) => {
    const gate = later();
    let [runs, left] = [0, 0];
    const theirs: unknown[] = [];
    const { ask, clock, observer } = shop((app, larder) => {
      app.use((req, res, next) => {
        const controller = new AbortController();
        res.once('close', () => {
          controller.abort();
          left += 1;
        });
        const put = given(controller);
        theirs.push(...Object.values(put));
        next(void Object.assign(place(req, res), put));
      });
      app.get('/', larder.cacheResponse(policy), async (req, res) => {
        runs += 1;
        if (runs === 2) await gate.promise;
        const { leaving } = place(req, res) as { leaving: AbortController | AbortSignal };
        const { aborted } = leaving instanceof AbortController ? leaving.signal : leaving;
        res.json({ aborted, theirs: theirs.includes(leaving) });
      });
    });
    expect(JSON.parse(text(await ask('/')))).toEqual({ aborted: false, theirs: true });
    clock.advance(12_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/'))).toBe('STALE');
    await expect.poll(() => [runs, left]).toEqual([2, 2]);
    gate.resolve();
    expect(await refreshed).toMatchObject({ outcome: 'stored' });
    expect(JSON.parse(text(await ask('/')))).toEqual({ aborted: false, theirs: false });
  });
});

describe('a refresh', () => {
  it('of a new visitor, who is given a cookie upstream, withdraws the stale response from nobody', async () => {
    let runs = 0;
    const { ask, clock, observer } = shop((app, larder) => {
      app.use(visitors);
      app.get('/', larder.cacheResponse({ ...policy, staleIfError: 600, cookies: 'ignore' }), (_req, res) => {
        runs += 1;
        res.send(`run ${runs}`);
      });
    });
    await ask('/', { Cookie: 'visitor=1' });
    clock.advance(12_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/'))).toBe('STALE');
    expect(await refreshed).toMatchObject({ outcome: 'stored' });
    const after = await ask('/', { Cookie: 'visitor=1' });
    expect([x(after), text(after)]).toEqual(['HIT', 'run 2']);
  });

  it('that an invalidation has overtaken says so', async () => {
    const gate = later();
    const { ask, clock, larder, observer, runs } = route({ ...policy, tags: ['t'] }, async (_req, res) => {
      if (runs.count === 2) await gate.promise;
      res.send('x');
    });
    await ask('/');
    clock.advance(12_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/'))).toBe('STALE');
    await expect.poll(() => runs.count).toBe(2);
    await larder.cache.invalidate('t');
    gate.resolve();
    expect(await refreshed).toMatchObject({ outcome: 'dropped' });
  });

  it('is left to the next GET by those who ask by HEAD, and they are answered stale as by GET', async () => {
    const { ask, clock, observer, runs } = route(policy, (_req, res) => void res.send('x'));
    await ask('/');
    clock.advance(12_000);
    const heads = await Promise.all(Array.from({ length: 10 }, () => ask('/', {}, 'HEAD')));
    expect([...heads.map(x), runs.count]).toEqual([...Array(10).fill('STALE'), 1]);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/'))).toBe('STALE');
    expect(await refreshed).toMatchObject({ outcome: 'stored' });
    expect([x(await ask('/')), runs.count]).toEqual(['HIT', 2]);
  });

  it('with `dispatch` asks by what upstream has put there', async () => {
    type Tenant = Request & { tenant: string };
    const { ask, clock, observer } = shop((app, larder) => {
      app.use(put(() => ({ tenant: 'a' })));
      const partitioned: Policy<Request> = {
        ...policy,
        revalidate: 'dispatch',
        partition: (req) => (req as Tenant).tenant,
      };
      app.get('/', larder.cacheResponse(partitioned), (_req, res) => void res.send('x'));
    });
    await ask('/');
    clock.advance(12_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/'))).toBe('STALE');
    expect(await refreshed).toMatchObject({ outcome: 'stored' });
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('that comes early lets nobody wait while there is a fresh response', async () => {
    const { ask, clock, runs } = route(
      { ttl: 10, earlyRefresh: 100, revalidate: 'foreground' },
      (_req, res) => {
        clock.advance(1000);
        res.send(`run ${runs.count}`);
      },
      { random: () => 0.9 },
    );
    await ask('/');
    const early = await ask('/');
    expect([x(early), text(early), runs.count]).toEqual(['HIT', 'run 1', 1]);
  });

  it('ahead reaches a policy nearer to the handler that has a key of its own', async () => {
    let runs = 0;
    const { app, ask, clock, larder, observer } = shop(
      (app, larder) => {
        app.use(larder.cacheResponse(60));
        app.get('/report', larder.cacheResponse({ ttl: 300, vary: ['Accept-Language'] }), (_req, res) => {
          runs += 1;
          res.send(`run ${runs}`);
        });
      },
      { random: () => 0.5 },
    );
    const stored = () => observer.of('refresh').filter(({ outcome }) => outcome === 'stored').length;
    larder.refreshAhead(app, 'http://shop.example/report', { every: 60 });
    await expect.poll(stored).toBe(1);
    await expect
      .poll(() => {
        if (runs === 1) clock.advance(60_000);
        return stored();
      })
      .toBe(2);
    const hit = await ask('/report', { Host: 'shop.example' });
    expect([x(hit), text(hit)]).toEqual(['HIT', 'run 2']);
  });
});

describe('a handler that destroys its response', () => {
  it('is not run again and again for one client who is to wait no longer than `softTimeout`', async () => {
    const { ask, clock, runs } = route({ ttl: 10, staleIfError: 600, softTimeout: 1 }, (_req, res) => {
      if (runs.count === 1) return void res.send('good');
      if (runs.count > 100) return void res.send('enough');
      setImmediate(() => res.destroy(new Error('the backend is gone')));
    });
    await ask('/');
    clock.advance(20_000);
    expect(text(await ask('/'))).toBe('good');
    expect(runs.count).toBe(2);
  });
});
