import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { memoryStore, unsharedLock } from '@larder/core';
import { failingStore } from '@larder/core/testing';
import express, { type Request } from 'express';
import { describe, expect, it } from 'vitest';
import { cacheResponse, type LarderError } from '../src/index.ts';
import { route, shop, text, x } from './support/shop.ts';

describe('cacheResponse(600)', () => {
  it('answers the second request itself, with Age, until 600 seconds are over', async () => {
    const { ask, clock, runs } = route(600, (_, res) => void res.json({ runs: runs.count }));
    const first = await ask('/');
    expect([x(first), first.headers.age]).toEqual(['MISS', undefined]);
    clock.advance(599_999);
    const second = await ask('/');
    expect([x(second), second.headers.age]).toEqual(['HIT', '599']);
    expect(text(second)).toBe(text(first));
    expect(second.headers['cache-status']).toBe('Larder; hit; ttl=0');
    clock.advance(1);
    expect(x(await ask('/'))).toBe('MISS');
    expect(runs.count).toBe(2);
  });

  it('works for an app, a router and a route, under the URL that the client named', async () => {
    const { ask } = shop((app, larder) => {
      const router = express.Router();
      router.get('/x', (req, res) => void res.send(req.originalUrl));
      app.use('/a', larder.cacheResponse(60), router);
      app.use('/b', larder.cacheResponse(60), router);
      app.get('/c/:id', larder.cacheResponse(60), (req, res) => void res.send(req.params.id));
    });
    for (const path of ['/a/x', '/b/x']) {
      expect([text(await ask(path)), text(await ask(path))]).toEqual([path, path]);
    }
    expect([text(await ask('/c/1')), text(await ask('/c/2')), x(await ask('/c/1'))]).toEqual([
      '1',
      '2',
      'HIT',
    ]);
  });

  it('needs no cache to be given', async () => {
    let runs = 0;
    const { ask } = shop((app) => {
      app.get('/', cacheResponse(60), (_, res) => void res.send(String(++runs)));
    });
    expect([text(await ask('/')), text(await ask('/'))]).toEqual(['1', '1']);
  });

  it('lets the policy nearest to the handler decide', async () => {
    const { ask, clock, observer } = shop((app, larder) => {
      app.use(larder.cacheResponse(600));
      app.get('/short', larder.cacheResponse(5), (_, res) => void res.send('x'));
      app.get('/never', larder.cacheResponse({ skip: () => true }), (_, res) => void res.send('x'));
      app.get('/long', (_, res) => void res.send('x'));
    });
    for (const path of ['/short', '/never', '/long']) await ask(path);
    expect([x(await ask('/short')), x(await ask('/never')), x(await ask('/long'))]).toEqual([
      'HIT',
      'BYPASS',
      'HIT',
    ]);
    clock.advance(5000);
    expect([x(await ask('/short')), x(await ask('/long'))]).toEqual(['MISS', 'HIT']);
    expect(observer.of('request')).toHaveLength(8);
  });

  it('is refused when the app is built if it means nothing', () => {
    expect(() => cacheResponse(-1)).toThrow(
      expect.objectContaining({ code: 'LARDER_INVALID_POLICY' }) as LarderError,
    );
  });
});

describe('cacheResponse() without a lifetime', () => {
  it('follows the response’s own', async () => {
    const { ask, clock } = route(
      undefined,
      (_, res) => void res.set('Cache-Control', 'max-age=10').send('x'),
    );
    await ask('/');
    clock.advance(9_999);
    expect(x(await ask('/'))).toBe('HIT');
    clock.advance(1);
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('knows its Expires by the moment it was made', async () => {
    const { ask } = route(undefined, (_, res) => {
      res.set('Expires', new Date(Date.now() + 60_000).toUTCString()).send('x');
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('stores nothing that states none', async () => {
    const { ask } = route(undefined, (_, res) => void res.send('x'));
    await ask('/');
    const second = await ask('/');
    expect([x(second), second.headers['cache-status']]).toEqual([
      'MISS',
      'Larder; fwd=uri-miss; fwd-status=200; detail=no-freshness',
    ]);
  });
});

describe('clients', () => {
  it('are told to ask every time where the route says nothing', async () => {
    const { ask } = route(60, (_, res) => void res.send('x'));
    expect([(await ask('/')).headers['cache-control'], (await ask('/')).headers['cache-control']]).toEqual([
      'no-cache',
      'no-cache',
    ]);
  });

  it('are told what the handler tells them', async () => {
    const { ask } = route(60, (_, res) => void res.set('Cache-Control', 'public, max-age=5').send('x'));
    await ask('/');
    expect((await ask('/')).headers['cache-control']).toBe('public, max-age=5');
  });

  it('that have it get a 304, on a miss and on a hit', async () => {
    const { ask, runs } = route(60, (_, res) => void res.send('body'));
    const { etag } = (await ask('/')).headers as { etag: string };
    const hit = await ask('/', { 'If-None-Match': etag });
    expect([hit.status, x(hit), text(hit), hit.headers.etag]).toEqual([304, 'HIT', '', etag]);
    expect(hit.headers['content-type']).toBeUndefined();
    expect(hit.headers['cache-control']).toBe('no-cache');
    expect(runs.count).toBe(1);
  });

  it('that ask conditionally first do not leave an empty response behind', async () => {
    const { ask, runs } = route(60, (_, res) => void res.send('body'));
    const etag = (await route(60, (_, res) => void res.send('body')).ask('/')).headers.etag as string;
    const first = await ask('/', { 'If-None-Match': etag });
    expect([first.status, x(first)]).toEqual([304, 'MISS']);
    const second = await ask('/');
    expect([second.status, x(second), text(second), runs.count]).toEqual([200, 'HIT', 'body', 1]);
  });

  it('that ask conditionally for a stream leave the stream its end', async () => {
    const failures: unknown[] = [];
    const { ask, runs } = route(60, (_, res) => {
      res.set('ETag', '"stream"');
      pipeline(Readable.from(['a', 'b']), res).catch((error) => failures.push(error));
    });
    const first = await ask('/', { 'If-None-Match': '"stream"' });
    expect([first.status, text(first), failures]).toEqual([304, '', []]);
    const second = await ask('/');
    expect([x(second), text(second), runs.count]).toEqual(['HIT', 'ab', 1]);
  });

  it('get the trailers of a stream, and a 304 without them', async () => {
    const { ask } = route(60, (_, res) => {
      res.writeHead(200, { Trailer: 'X-Sum', ETag: '"t"' });
      res.write('body');
      res.addTrailers({ 'X-Sum': '1' });
      res.end();
    });
    expect((await ask('/', { 'If-None-Match': '"t"' })).status).toBe(304);
    const hit = await ask('/');
    expect([x(hit), text(hit), hit.headers.trailer]).toEqual(['HIT', 'body', undefined]);
  });

  it('get an entity tag made of the bytes where the handler makes none', async () => {
    const { ask } = route(60, (_, res) => void res.end('body'));
    const first = await ask('/');
    expect(first.headers.etag).toMatch(/^"[\w-]{27}"$/);
    expect((await ask('/', { 'If-None-Match': first.headers.etag as string })).status).toBe(304);
  });

  it('that ask with HEAD are answered from a stored GET, and never fill', async () => {
    const { ask, runs } = route(60, (_, res) => void res.send('body'));
    expect(x(await ask('/', {}, 'HEAD'))).toBe('MISS');
    const first = await ask('/');
    expect([x(first), text(first)]).toEqual(['MISS', 'body']);
    const head = await ask('/', {}, 'HEAD');
    expect([x(head), head.headers['content-length'], text(head), runs.count]).toEqual(['HIT', '4', '', 2]);
  });

  it('may be spared what the cache says of itself', async () => {
    const { ask } = route({ ttl: 60, statusHeaders: false }, (_, res) => void res.send('x'));
    await ask('/');
    const { headers } = await ask('/');
    expect([headers['x-cache'], headers['cache-status'], headers.age]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the handler', () => {
  it('tags, shortens and refuses what it is making', async () => {
    const { ask, clock, larder } = shop((app, { cacheResponse: cached }) => {
      app.get('/tag', cached(60), (_, res) => {
        res.cache?.tag('late');
        res.send('x');
      });
      app.get('/ttl', cached(60), (_, res) => {
        res.cache?.ttl(5);
        res.send('x');
      });
      app.get('/skip', cached(60), (_, res) => {
        res.cache?.skip();
        res.send('x');
      });
    });
    for (const path of ['/tag', '/ttl', '/skip']) await ask(path);
    expect([x(await ask('/tag')), x(await ask('/ttl')), x(await ask('/skip'))]).toEqual([
      'HIT',
      'HIT',
      'MISS',
    ]);
    await larder.cache.invalidate('late');
    clock.advance(5000);
    expect([x(await ask('/tag')), x(await ask('/ttl'))]).toEqual(['MISS', 'MISS']);
  });

  it('costs the caching and not the response when it says something that means nothing', async () => {
    const { ask, observer } = route(60, (_, res) => {
      res.cache?.tag('');
      res.send('fine');
    });
    const answer = await ask('/');
    expect([answer.status, text(answer)]).toEqual([200, 'fine']);
    expect(answer.headers['cache-status']).toContain('detail=invalid-control');
    expect(observer.of('error')).toMatchObject([{ doing: 'tag a response' }]);
  });

  it('may use the controls on a request that bypasses', async () => {
    const { ask } = route(60, (_, res) => {
      res.cache?.tag('t');
      res.send('x');
    });
    expect(x(await ask('/', { Cookie: 'a=b' }))).toBe('BYPASS');
  });
});

describe('keys', () => {
  it('may be the app’s own, under the host all the same', async () => {
    const policy = { ttl: 60, key: (req: Request) => String(req.query.q) };
    const { ask } = route(policy, (req, res) => void res.send(req.originalUrl));
    await ask('/?q=a&tracking=1');
    const hit = await ask('/?tracking=2&q=a');
    expect([x(hit), text(hit)]).toEqual(['HIT', '/?q=a&tracking=1']);
    expect(x(await ask('/?q=a', { Host: 'other.example' }))).toBe('MISS');
  });

  it('hold the request fields that the policy names', async () => {
    const { ask } = route(
      { ttl: 60, vary: ['X-Currency'] },
      (req, res) => void res.send(req.get('x-currency') ?? 'none'),
    );
    for (const currency of ['EUR', 'USD']) await ask('/', { 'X-Currency': currency });
    await ask('/');
    expect(text(await ask('/', { 'X-Currency': 'EUR' }))).toBe('EUR');
    const none = await ask('/');
    expect([x(none), text(none)]).toEqual(['HIT', 'none']);
  });

  it('keep partitions apart, and a request without one out', async () => {
    const policy = { ttl: 60, partition: (req: Request) => req.get('x-tenant') };
    const { ask } = route(policy, (req, res) => void res.send(req.get('x-tenant') ?? 'none'));
    await ask('/', { 'X-Tenant': 'a' });
    expect(text(await ask('/', { 'X-Tenant': 'b' }))).toBe('b');
    expect(x(await ask('/', { 'X-Tenant': 'a' }))).toBe('HIT');
    const none = await ask('/');
    expect([x(none), none.headers['cache-status']]).toEqual([
      'BYPASS',
      'Larder; fwd=bypass; detail=partition',
    ]);
  });

  it('bypass when a function of the policy throws, and the observer is told', async () => {
    const policy = {
      ttl: 60,
      tags: () => {
        throw new Error('mistake');
      },
    };
    const { ask, observer } = route(policy, (_, res) => void res.send('fine'));
    const answer = await ask('/');
    expect([text(answer), answer.headers['cache-status']]).toEqual([
      'fine',
      'Larder; fwd=bypass; detail=policy-error',
    ]);
    expect(observer.of('error')).toHaveLength(1);
  });
});

describe('what is observed', () => {
  it('names the route by its pattern, hit or miss', async () => {
    const { ask, observer } = shop((app, larder) => {
      const items = express.Router({ mergeParams: true });
      items.get('/items/:item', (_, res) => void res.send('x'));
      app.use(larder.cacheResponse(60));
      app.use('/shops/:shop', items);
    });
    await ask('/shops/7/items/8');
    await ask('/shops/7/items/8');
    await ask('/nowhere');
    expect(observer.of('request').map(({ route: pattern }) => pattern)).toEqual([
      '/shops/:shop/items/:item',
      '/shops/:shop/items/:item',
      '(none)',
    ]);
  });

  it('is exactly one status a request', async () => {
    const { ask, observer } = route(60, (_, res) => void res.send('x'));
    await ask('/');
    await ask('/');
    await ask('/', { Cookie: 'a=b' });
    expect(observer.of('request').map(({ status }) => status)).toEqual([
      { fwd: 'uri-miss', fwdStatus: 200, stored: true },
      { hit: true, ttl: 60 },
      { fwd: 'bypass', detail: 'cookie' },
    ]);
  });
});

describe('an answer that was begun upstream', () => {
  it('is left to the handler to finish', async () => {
    const { ask } = shop((app, larder) => {
      app.use((_, res, next) => next(void res.write('begun, ')));
      app.use(larder.cacheResponse(60));
      app.use((_, res) => void res.end('finished'));
    });
    for (const method of ['GET', 'PUT']) expect(text(await ask('/', {}, method))).toBe('begun, finished');
  });
});

describe('a time limit upstream', () => {
  /** Answers 503 while the cache is still being asked, as middleware like connect-timeout does. */
  const impatient = (policy: Parameters<typeof route>[0], method = 'GET') => {
    const far = failingStore(memoryStore({}, { namespace: 'far' }));
    let open = () => {};
    const opened = new Promise<undefined>((resolve) => {
      open = () => resolve(undefined);
    });
    const calls = { count: 0 };
    const get = () => {
      calls.count += 1;
      return opened;
    };
    const made = shop(
      (app, larder) => {
        app.use((req, res, next) => {
          next();
          if (req.method === method) res.status(503).send('too slow');
        });
        app.get('/', larder.cacheResponse(policy), (_, res) => void res.send('x'));
      },
      { redis: { name: 'far', open: () => ({ store: { ...far, get }, lock: unsharedLock }) } },
    );
    return { ...made, calls, open: () => open() };
  };

  it('is heard: the cache comes too late, and says so to the observer alone', async () => {
    const { ask, calls, open, observer } = impatient(60);
    const asking = ask('/');
    await expect.poll(() => calls.count).toBe(1);
    const told = observer.next('request');
    open();
    expect([(await asking).status, (await told).status]).toEqual([
      503,
      { fwd: 'uri-miss', detail: 'too-late' },
    ]);
    expect(observer.of('error')).toEqual([]);
  });
});
