import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { memoryStore, type SharedTier } from '@larder/core';
import { manualClock, sharedLock } from '@larder/core/testing';
import compression from 'compression';
import express, { type Request, Router } from 'express';
import { describe, expect, it } from 'vitest';
import { type Policy, presets } from '../src/index.ts';
import { lasting, later, route, shop, text, x } from './support/shop.ts';

const policy = { ttl: 10, staleWhileRevalidate: 100 } as const;

type Odd = Policy<Request> & { upstream?: boolean };

describe('a refresh behind a stale response', () => {
  it('runs nothing that stands before the cache', async () => {
    const ran: string[] = [];
    const { ask, clock, observer } = shop((app, larder) => {
      app.use((_req, res, next) => {
        ran.push('upstream');
        res.set('X-Upstream', 'yes');
        next();
      });
      app.use('/api', larder.cacheResponse(policy));
      app.use('/api', (_req, _res, next) => next(void ran.push('behind')));
      const router = Router();
      router.get('/things/:id', (req, res) => {
        ran.push('handler');
        res.json({ id: req.params.id, upstream: res.get('X-Upstream') });
      });
      app.use('/api', router);
    });
    const first = await ask('/api/things/7');
    clock.advance(20_000);
    ran.length = 0;
    const refreshed = observer.next('refresh');
    expect(x(await ask('/api/things/7'))).toBe('STALE');
    expect(await refreshed).toMatchObject({ outcome: 'stored', route: '/api/things/:id' });
    expect(ran).toEqual(['upstream', 'behind', 'handler']);
    const after = await ask('/api/things/7');
    expect([x(after), text(after), after.headers['x-upstream']]).toEqual(['HIT', text(first), 'yes']);
  });

  it.each([
    ['json', (res: express.Response) => void res.json({ a: 1 })],
    ['a stream', (res: express.Response) => void Readable.from(['a', 'b', 'c']).pipe(res)],
    ['pipeline', (res: express.Response) => pipeline(Readable.from(['a', 'b', 'c']), res)],
    [
      'writes',
      (res: express.Response) => {
        res.writeHead(200, { 'Content-Type': 'text/plain' });
        res.write('a');
        res.end('b');
      },
    ],
  ])('stores what is sent by %s, as in the foreground', async (_, send) => {
    const { ask, clock, observer, runs } = route(policy, (_req, res) => send(res));
    const first = await ask('/');
    clock.advance(20_000);
    const [refreshed] = [observer.next('refresh'), await ask('/')];
    expect((await refreshed).outcome).toBe('stored');
    const after = await ask('/');
    expect([x(after), text(after), runs.count]).toEqual(['HIT', text(first), 2]);
    expect(after.headers['content-type']).toBe(first.headers['content-type']);
  });

  it('is not stopped by the client that set it off, nor seen by a handler as one that leaves', async () => {
    const [begun, gate] = [later(), later()];
    let closed = false;
    const { ask, clock, observer, runs } = route(policy, async (_req, res) => {
      if (runs.count > 1) {
        res.once('close', () => {
          closed = !res.writableEnded;
        });
        begun.resolve();
        await gate.promise;
      }
      res.send(`run ${runs.count}`);
    });
    await ask('/');
    clock.advance(20_000);
    await ask('/');
    await begun.promise;
    const refreshed = observer.next('refresh');
    gate.resolve();
    expect([(await refreshed).outcome, closed]).toEqual(['stored', false]);
    expect(text(await ask('/'))).toBe('run 2');
  });

  it('reaches the policy that stored the response, where another stands before it', async () => {
    const { ask, clock, observer } = shop((app, larder) => {
      let runs = 0;
      app.use(larder.cacheResponse({ ttl: 1, staleWhileRevalidate: 100 }));
      app.get('/', larder.cacheResponse({ ttl: 10, staleWhileRevalidate: 100, tags: ['t'] }), (_req, res) => {
        runs += 1;
        res.send(`run ${runs}`);
      });
    });
    await ask('/');
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    expect([x(await ask('/')), (await refreshed).outcome]).toEqual(['STALE', 'stored']);
    expect([x(await ask('/')), text(await ask('/'))]).toEqual(['HIT', 'run 2']);
    clock.advance(9000);
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('shows the handler what is in the key, and nothing else of the client', async () => {
    const { ask, clock, observer } = route(
      {
        ...policy,
        vary: ['x-plan'],
        cookies: ['currency'],
        partition: (req: Request) => req.get('x-tenant'),
        reads: 'trust',
      },
      (req, res) => {
        res.vary('Accept-Language').json({ fields: { ...req.headers }, address: req.ip });
      },
    );
    const fields = {
      'X-Plan': 'gold',
      'X-Tenant': 'a',
      'Accept-Language': 'fr',
      'User-Agent': 'curl',
      'If-None-Match': '"x"',
      Referer: 'http://evil.example/',
      Cookie: 'currency=EUR; sid=alice',
    };
    await ask('/', fields);
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    await ask('/', fields);
    expect((await refreshed).outcome).toBe('stored');
    const { fields: shown } = JSON.parse(text(await ask('/', fields)));
    expect(shown).toEqual({
      host: shown.host,
      'x-plan': 'gold',
      'x-tenant': 'a',
      'accept-language': 'fr',
      cookie: 'currency=EUR',
      // The handler's own, of what is stored.
      'if-none-match': expect.stringMatching(/^W/),
    });
  });

  it('leaves behind what the foreground would have: presets, entity tags, what upstream has put on the response', async () => {
    const { ask, clock, observer } = shop((app, larder) => {
      app.use(compression({ threshold: 0 }));
      app.use((_req, res, next) => next(void Object.assign(res, { requestId: 'r1' })));
      app.get(
        '/',
        larder.cacheControl(presets.cdn),
        larder.cacheControl({ noCache: true, cdn: { maxAge: 60 } }),
        larder.cacheResponse(policy),
        (_req, res) => {
          res.removeHeader('X-Powered-By');
          res.end(`made for ${(res as unknown as { requestId: string }).requestId}`);
          (res as unknown as { flush?: () => void }).flush?.();
        },
      );
    });
    await ask('/');
    const before = await ask('/');
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/'))).toBe('STALE');
    expect((await refreshed).outcome).toBe('stored');
    const after = await ask('/');
    expect([x(before), x(after)]).toEqual(['HIT', 'HIT']);
    expect(lasting(after)).toEqual(lasting(before));
    expect([after.headers.etag, after.headers['cdn-cache-control']]).toEqual([
      expect.stringMatching(/^W\//),
      'max-age=60',
    ]);
  });

  it('is for the same user where the key tells users apart', async () => {
    const { ask, clock, observer } = shop((app, larder) => {
      app.use((req, _res, next) => next(void Object.assign(req, { user: req.get('authorization') })));
      app.use(
        larder.cacheResponse({
          ...policy,
          credentials: 'partitioned',
          partition: (req) => (req as Request & { user?: string }).user,
        }),
      );
      let runs = 0;
      app.get('/', (req, res) => {
        runs += 1;
        res.send(`${(req as Request & { user?: string }).user} ${runs}`);
      });
    });
    await ask('/', { Authorization: 'alice' });
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    expect(text(await ask('/', { Authorization: 'alice' }))).toBe('alice 1');
    expect((await refreshed).outcome).toBe('stored');
    expect(text(await ask('/', { Authorization: 'alice' }))).toBe('alice 2');
    expect(text(await ask('/', { Authorization: 'bob' }))).toBe('bob 3');
  });

  it.each([
    ['a function that wraps the middleware', {}],
    ['a helper that upstream has put on the response', { upstream: true }],
    ['a key that is made of the address', { partition: (req: Request) => req.ip }],
    ['a key that is made of everything', { key: (req: Request) => Object.values(req.headers).join() }],
  ])('is left to one client in the foreground with %s', async (what, { upstream, ...more }: Odd) => {
    const { ask, clock, observer } = shop((app, larder) => {
      let runs = 0;
      if (upstream) app.use((_req, res, next) => next(void Object.assign(res, { ok: () => res.send('ok') })));
      const caching = larder.cacheResponse({ ...policy, ...more });
      app.use(what.startsWith('a function') ? (req, res, next) => caching(req, res, next) : caching);
      app.get('/', (_req, res) => {
        runs += 1;
        res.send(`run ${runs}`);
      });
    });
    await ask('/');
    clock.advance(20_000);
    expect([x(await ask('/')), text(await ask('/'))]).toEqual(['MISS', 'run 2']);
    expect(observer.of('refresh')).toEqual([]);
  });

  it('goes through the whole app with `dispatch`', async () => {
    const ran: string[] = [];
    const { ask, clock, observer } = shop((app, larder) => {
      app.use((_req, _res, next) => next(void ran.push('upstream')));
      app.get('/', larder.cacheResponse({ ...policy, revalidate: 'dispatch' }), (_req, res) => {
        res.send(`run ${ran.length}`);
      });
    });
    await ask('/');
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    expect(text(await ask('/'))).toBe('run 1');
    expect((await refreshed).outcome).toBe('stored');
    expect([ran.length, text(await ask('/'))]).toEqual([3, 'run 3']);
  });

  it('fails with `dispatch` where something upstream answers instead', async () => {
    let closed = false;
    const { ask, clock, observer } = shop((app, larder) => {
      app.use((_req, res, next) => (closed ? void res.sendStatus(401) : next()));
      app.use((_req, _res, next) => {
        closed = true;
        next();
      });
      app.get(
        '/',
        larder.cacheResponse({ ...policy, revalidate: 'dispatch' }),
        (_req, res) => void res.send('x'),
      );
    });
    await ask('/');
    closed = false;
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    expect(x(await ask('/'))).toBe('STALE');
    expect((await refreshed).outcome).toBe('failed');
  });
});

describe('a refresh that comes to nothing', () => {
  const failing = (more: object = {}) => {
    const made = route({ ...policy, ...more }, (_req, res) => {
      if (made.runs.count === 1) return void res.send('good');
      res.status(500).send('bad');
    });
    return made;
  };

  it('is tried again after pauses that double, while stale is served; then the error shows', async () => {
    const { ask, clock, observer, runs } = failing();
    await ask('/');
    clock.advance(10_001);
    const tried: number[] = [];
    for (let second = 0; second < 100; second += 1) {
      const before = observer.of('refresh').length;
      const answer = await ask('/');
      expect([answer.status, x(answer)]).toEqual([200, 'STALE']);
      if (runs.count > 1 + before) {
        await expect.poll(() => observer.of('refresh').length).toBe(before + 1);
        tried.push(second);
      }
      clock.advance(1000);
    }
    expect(tried).toEqual([0, 1, 3, 7, 15, 31, 63]);
    expect(new Set(observer.of('refresh').map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    expect((await ask('/')).status).toBe(500);
  });

  it('makes what the handler withdraws a miss', async () => {
    const { ask, clock, observer, runs } = route(policy, (_req, res) => {
      if (runs.count === 2) res.set('Cache-Control', 'private');
      res.send(`run ${runs.count}`);
    });
    await ask('/');
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    await ask('/');
    expect((await refreshed).outcome).toBe('unstored');
    expect([x(await ask('/')), runs.count]).toEqual(['MISS', 3]);
  });

  it('ends when it takes longer than a fill may', async () => {
    const [begun, aborted] = [later(), later()];
    const { ask, clock, observer, runs } = route({ ...policy, fillTimeout: 5 }, (_req, res) => {
      if (runs.count === 1) return void res.send('x');
      res.once('close', () => aborted.resolve());
      begun.resolve();
    });
    await ask('/');
    clock.advance(20_000);
    await ask('/');
    await begun.promise;
    const refreshed = observer.next('refresh');
    clock.advance(5000);
    expect((await refreshed).outcome).toBe('failed');
    await aborted.promise;
  });

  it('lets a handler confirm what it has made before', async () => {
    const { ask, clock, observer, runs } = route(policy, (req, res) => {
      if (req.get('if-none-match') === '"v1"') return void res.status(304).end();
      res.set('ETag', '"v1"').send('x');
    });
    await ask('/');
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    await ask('/');
    expect((await refreshed).outcome).toBe('stored');
    expect([x(await ask('/')), runs.count]).toEqual(['HIT', 2]);
  });
});

describe('refreshes', () => {
  it('come from requests alone: nobody asks, nothing runs', async () => {
    const { ask, clock, runs, observer } = route(policy, (_req, res) => void res.send('x'));
    await ask('/');
    for (let minute = 0; minute < 60; minute += 1) clock.advance(60_000);
    expect([runs.count, observer.of('refresh')]).toEqual([1, []]);
  });

  it('are one a key among all processes', async () => {
    const clock = manualClock(Date.now());
    const store = memoryStore({}, { namespace: 'far', clock });
    const lock = sharedLock(clock);
    const redis: SharedTier = { name: 'far', open: () => ({ store, lock: lock() }) };
    let runs = 0;
    const gate = later();
    const made = Array.from({ length: 3 }, () =>
      shop(
        (app, larder) => {
          app.get('/', larder.cacheResponse(policy), async (_req, res) => {
            runs += 1;
            if (runs > 1) await gate.promise;
            res.send(`run ${runs}`);
          });
        },
        { redis, clock },
      ),
    );
    const host = { Host: 'shop.example' };
    for (const { ask } of made) expect(text(await ask('/', host))).toBe('run 1');
    clock.advance(20_000);
    const ended = made.map(({ observer }) => observer.next('refresh'));
    for (const { ask } of made) expect(x(await ask('/', host))).toBe('STALE');
    await expect.poll(() => runs).toBe(2);
    gate.resolve();
    const outcomes = (await Promise.all(ended)).map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(['dropped', 'dropped', 'stored']);
    for (const { ask } of made) expect(text(await ask('/', host))).toBe('run 2');
    expect(runs).toBe(2);
  });

  it('may end when the cache is closed, and none begins any more', async () => {
    const [begun, gate] = [later(), later()];
    const { ask, clock, larder, runs, observer } = route(policy, async (_req, res) => {
      if (runs.count > 1) {
        begun.resolve();
        await gate.promise;
      }
      res.send('x');
    });
    await ask('/');
    clock.advance(20_000);
    await ask('/');
    await begun.promise;
    const closed = larder.close();
    gate.resolve();
    await closed;
    expect(observer.of('refresh')).toMatchObject([{ outcome: 'stored' }]);
  });

  it('do not keep a cache from closing for longer than it says', async () => {
    const begun = later();
    const { ask, clock, larder, runs, observer } = route(
      policy,
      (_req, res) => {
        if (runs.count === 1) return void res.send('x');
        begun.resolve();
      },
      { fills: { drainTimeout: 2 } },
    );
    await ask('/');
    clock.advance(20_000);
    await ask('/');
    await begun.promise;
    const closed = larder.close();
    clock.advance(2000);
    await closed;
    expect(observer.of('refresh')).toMatchObject([{ outcome: 'dropped' }]);
  });

  it('come early where the policy wants it, by chance, behind a fresh response', async () => {
    let chance = 0;
    const { ask, clock, observer, runs } = route(
      { ttl: 100, earlyRefresh: 1 },
      async (_req, res) => {
        clock.advance(1000);
        res.send(`run ${runs.count}`);
      },
      { random: () => chance },
    );
    await ask('/');
    clock.advance(98_000);
    expect([x(await ask('/')), runs.count]).toEqual(['HIT', 1]);
    chance = 0.9999;
    const refreshed = observer.next('refresh');
    const early = await ask('/');
    expect([x(early), text(early)]).toEqual(['HIT', 'run 1']);
    expect(await refreshed).toMatchObject({ reason: 'early', outcome: 'stored' });
    expect(text(await ask('/'))).toBe('run 2');
  });

  it('leave the connection of the client that set them off to its next request', async () => {
    const { server, clock, ask, observer } = route(policy, (_req, res) => void res.send('x'));
    await ask('/');
    clock.advance(20_000);
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const { Agent } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const address = server.address();
    const port = typeof address === 'object' ? address!.port : 0;
    const get = async () => {
      const { request } = await import('node:http');
      const asking = request({ host: '127.0.0.1', port, agent });
      asking.end();
      const [res] = await once(asking, 'response');
      res.resume();
      await once(res, 'end');
      return res.headers['x-cache'];
    };
    const refreshed = observer.next('refresh');
    expect(await get()).toBe('STALE');
    await refreshed;
    expect([await get(), connections]).toEqual(['HIT', 1]);
    agent.destroy();
  });
});

describe('refreshing ahead', () => {
  const report = (options: Parameters<typeof shop>[1] = {}) => {
    const runs = { count: 0 };
    const made = shop((app, larder) => {
      app.use((_req, res, next) => next(void res.set('X-Upstream', 'yes')));
      app.get('/report', larder.cacheResponse({ ttl: 100 }), (_req, res) => {
        runs.count += 1;
        res.send(`run ${runs.count}`);
      });
    }, options);
    return { ...made, runs };
  };
  const url = 'http://shop.example/report';
  const asked = { Host: 'shop.example' };

  it('makes what is not there, and again before it ends', async () => {
    const { app, ask, clock, larder, observer, runs } = report({ random: () => 0.5 });
    const first = observer.next('refresh');
    larder.refreshAhead(app, url, { every: 40 });
    expect(await first).toMatchObject({ reason: 'scheduled', outcome: 'stored' });
    const hit = await ask('/report', asked);
    expect([x(hit), text(hit), hit.headers['x-upstream']]).toEqual(['HIT', 'run 1', 'yes']);
    clock.advance(40_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs.count).toBe(1);
    const second = observer.next('refresh');
    clock.advance(40_000);
    expect(await second).toMatchObject({ reason: 'scheduled', outcome: 'stored', route: '/report' });
    expect(text(await ask('/report', asked))).toBe('run 2');
    expect(observer.of('request')).toHaveLength(2);
  });

  it('is stopped by what it returns, and by closing', async () => {
    for (const close of [false, true]) {
      const { app, clock, larder, observer, runs } = report();
      const first = observer.next('refresh');
      const stop = larder.refreshAhead(app, url);
      await first;
      if (close) await larder.close();
      else stop();
      clock.advance(1_000_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(runs.count).toBe(1);
    }
  });

  it('says so where nothing keeps what it asks for', async () => {
    const { app, larder, observer } = report();
    const error = observer.next('error');
    larder.refreshAhead(app, 'http://shop.example/nowhere');
    expect(await error).toMatchObject({ doing: 'refresh ahead', error: { code: 'LARDER_INVALID_OPTIONS' } });
  });

  it.each([
    ['/report', {}],
    ['ftp://shop.example/', {}],
    [url, { every: 0 }],
    [url, { every: Number.NaN }],
  ])('of %j %j is refused', (given, options) => {
    const { app, larder } = report();
    expect(() => larder.refreshAhead(app, given, options)).toThrow('LARDER_INVALID_OPTIONS');
  });
});
