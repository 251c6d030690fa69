import { inspect } from 'node:util';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { describe, expect, it } from 'vitest';
import { route, shop, text, x } from '../support/shop.ts';

const detail = ({ headers }: { headers: Record<string, unknown> }) =>
  /detail=([^;,]+)/.exec(String(headers['cache-status']))?.[1];

describe('the host that a handler sees', () => {
  it('behind a trusted proxy is not in the key where it reads Host by name', async () => {
    const { app, ask } = shop((made, larder) => {
      made.get('/', larder.cacheResponse(60), (req, res) => void res.send(req.get('host')));
    });
    app.set('trust proxy', true);
    const attack = await ask('/', { Host: 'evil.example', 'X-Forwarded-Host': 'shop.example' });
    expect([text(attack), detail(attack)]).toEqual(['evil.example', 'unkeyed-host']);
    expect(text(await ask('/', { Host: 'shop.example' }))).toBe('shop.example');
  });

  it('in a sub-app that trusts more than the app does is not in the key either', async () => {
    const sub = express();
    sub.set('trust proxy', true);
    sub.get('/', (req, res) => void res.send(`${req.protocol}://${req.hostname}`));
    const { ask } = shop((app, larder) => app.use(larder.cacheResponse(60)).use(sub));
    const attack = await ask('/', {
      Host: 'shop.example',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'https',
    });
    expect([text(attack), detail(attack)]).toEqual(['https://evil.example', 'unkeyed-x-forwarded-proto']);
    expect(text(await ask('/', { Host: 'shop.example' }))).toBe('http://shop.example');
  });
});

describe('what is read', () => {
  it('behind an outer cache counts for an inner one', async () => {
    const language: RequestHandler = (req, res, next) => {
      res.locals.language = req.acceptsLanguages('fr', 'en');
      next();
    };
    const { ask } = shop((app, larder) => {
      app.use(larder.cacheResponse(60), language);
      app.get('/', larder.cacheResponse(60), (_, res) => void res.send(res.locals.language));
    });
    expect(detail(await ask('/', { 'Accept-Language': 'fr' }))).toBe('unkeyed-accept-language');
    expect(text(await ask('/', { 'Accept-Language': 'en' }))).toBe('en');
  });

  it('by inspection is read', async () => {
    const { ask } = route(60, (req, res) => void res.send(inspect(req.headers)));
    const mine = await ask('/', { 'X-Key': 'secret' });
    expect([text(mine).includes('secret'), detail(mine)]).toEqual([true, 'unkeyed-headers']);
  });

  it("can be cloned with reads: 'trust', for then nobody looks", async () => {
    const policy = { ttl: 60, reads: 'trust' } as const;
    const { ask } = route(policy, (req, res) => void res.json(structuredClone(req.headers)));
    expect(JSON.parse(text(await ask('/', { 'X-A': '1' })))).toMatchObject({ 'x-a': '1' });
  });
});

describe('a write', () => {
  it('whose body somebody reads already gets it whole', async () => {
    const { ask, server } = shop((app, larder) => {
      app.use((req, _, next) => next(void req.on('data', () => {})));
      app.use(larder.cacheResponse(), express.json());
      app.post('/', (req, res) => void res.json(req.body));
    });
    await ask('/none');
    const { port } = server.address() as import('node:net').AddressInfo;
    const headers = { 'Content-Type': 'application/json', 'Content-Length': 7 };
    const { request } = await import('node:http');
    const answer = await new Promise<string>((resolve, reject) => {
      const asking = request({ port, method: 'POST', headers, agent: false }, async (res) => {
        let body = '';
        for await (const chunk of res) body += chunk;
        resolve(body);
      });
      asking.on('error', reject).end('{"a":1}');
    });
    expect(answer).toBe('{"a":1}');
  });
});

describe('an error', () => {
  const failed: ErrorRequestHandler = (error, _req, res, next) => {
    if (res.headersSent) return next(error);
    res.statusMessage = '';
    res.status(500).send(`error ${(error as { code: string }).code}`);
  };

  it('about a head that cannot be sent is answered alone, and nothing of it is stored', async () => {
    let valid = false;
    const { ask } = shop((app, larder) => {
      app.get('/', larder.cacheResponse(60), (_, res) => {
        res.statusMessage = valid ? 'fine' : 'schön ✓';
        res.end('page');
      });
      app.use(failed);
    });
    const broken = await ask('/');
    expect([broken.status, text(broken), detail(broken)]).toEqual([
      500,
      'error ERR_INVALID_CHAR',
      'invalid-head',
    ]);
    valid = true;
    const next = await ask('/');
    expect([x(next), text(next)]).toEqual(['MISS', 'page']);
    expect(text(await ask('/'))).toBe('page');
  });

  it('after a failed answer that nothing covers any more leaves that answer whole', async () => {
    const { ask, clock, runs } = (() => {
      const counted = { count: 0 };
      const made = shop((app, l) => {
        app.get('/', l.cacheResponse({ ttl: 10, staleIfError: 60 }), async (_req, res, next) => {
          counted.count += 1;
          if (counted.count === 1) return void res.send('good');
          await l.cache.invalidateAll();
          res.status(500).send('first failure');
          next(new Error('second'));
        });
        app.use(((_error, _req, res, _next) => {
          res.status(502).json({ a: 'longer answer than the first one was' });
        }) as ErrorRequestHandler);
      });
      return { ...made, runs: counted };
    })();
    await ask('/');
    clock.advance(11_000);
    const answer = await ask('/');
    expect([answer.status, text(answer), answer.headers['content-length'], runs.count]).toEqual([
      500,
      'first failure',
      '13',
      2,
    ]);
  });
});

describe('what a handler takes back', () => {
  it.each<[string, RequestHandler]>([
    ['a resource that is gone', (_, res) => void res.status(404).send('gone')],
    ['a resource that has become private', (_, res) => void res.set('Cache-Control', 'private').send('mine')],
  ])('%s is served stale to nobody any more', async (_, taken) => {
    const policy = { ttl: 1, staleWhileRevalidate: 3600, staleIfError: 3600 };
    const { ask, clock, runs } = route(policy, (req, res, next) => {
      if (runs.count === 1) return void res.send('article');
      return runs.count === 2 ? taken(req, res, next) : void res.status(503).send('down');
    });
    await ask('/');
    clock.advance(2_000);
    await ask('/');
    await expect.poll(async () => text(await ask('/'))).toBe('down');
  });
});

describe('a confirmed response', () => {
  it('keeps its own framing and coding, whatever the 304 says', async () => {
    const { ask, clock } = route(10, (req, res) => {
      res.set('ETag', '"a"');
      if (req.get('if-none-match') === undefined) return void res.end('hello');
      res.set({ 'Transfer-Encoding': 'chunked', 'Content-Encoding': 'gzip' }).status(304).end();
    });
    await ask('/');
    clock.advance(11_000);
    const { headers, ...answer } = await ask('/');
    expect([answer.body.toString(), headers['transfer-encoding'], headers['content-encoding']]).toEqual([
      'hello',
      undefined,
      undefined,
    ]);
  });

  it('is for those it was for: what only confirms it may have read less', async () => {
    const { ask, clock } = route(undefined, (req, res) => {
      res.set({ 'Cache-Control': 'public, max-age=10', ETag: '"a"' });
      if (req.get('if-none-match') === '"a"') return void res.status(304).end();
      res.send(req.get('authorization') ? 'member price' : 'public price');
    });
    await ask('/');
    clock.advance(11_000);
    await ask('/');
    expect(text(await ask('/', { Authorization: 'Bearer m' }))).toBe('member price');
  });

  it('keeps an empty field, and one Expires however often it is confirmed', async () => {
    const { ask, clock } = shop((app, larder) => {
      app.get(
        '/',
        larder.cacheControl({ maxAge: 5, expires: true }),
        larder.cacheResponse(10),
        (req, res) => {
          res.set({ ETag: '"a"', 'X-Empty': '' });
          res.status(req.get('if-none-match') ? 304 : 200).end('x');
        },
      );
    });
    await ask('/');
    for (let i = 0; i < 3; i += 1) {
      clock.advance(11_000);
      await ask('/');
    }
    const hit = await ask('/');
    const names = hit.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect([x(hit), hit.headers['x-empty'], names.filter((name) => name === 'expires').length]).toEqual([
      'HIT',
      '',
      1,
    ]);
  });

  it('says in Vary what it was found to vary by, though the 304 has a Vary of its own', async () => {
    const { ask, clock } = route({ ttl: 10, reads: 'vary' }, (req, res) => {
      res.set({ ETag: '"a"', Vary: 'Accept-Language' });
      if (req.get('if-none-match') === '"a"') return void res.status(304).end();
      res.send(req.get('x-currency') ?? 'EUR');
    });
    await ask('/');
    clock.advance(11_000);
    await ask('/');
    expect((await ask('/')).headers.vary?.toLowerCase().split(', ').sort()).toEqual([
      'accept-language',
      'x-currency',
    ]);
  });
});

describe('middleware behind the cache that sets fields as the head goes out', () => {
  const setting = (set: (req: Request, res: Response) => void): RequestHandler =>
    function setLate(req, res, next) {
      const { writeHead } = res;
      res.writeHead = function late(...args: unknown[]) {
        set(req, res);
        return writeHead.apply(res, args as never);
      } as typeof res.writeHead;
      next();
    };

  it('keeps the response out, for a hit would lack what nobody could judge', async () => {
    const late = setting((req, res) => void res.set('X-Tenant', req.get('x-tenant')).vary('X-Tenant'));
    const { ask, observer } = shop((app, larder) => {
      app.use(larder.cacheResponse(60), late);
      app.get('/', (_, res) => void res.send('x'));
    });
    for (const tenant of ['a', 'b']) {
      const answer = await ask('/', { 'X-Tenant': tenant });
      expect([x(answer), answer.headers['x-tenant']]).toEqual(['MISS', tenant]);
    }
    await expect.poll(() => observer.of('request')[0]?.status).toMatchObject({ detail: 'late-head' });
  });

  it('unless it is of one exchange anyway', async () => {
    const { ask } = shop((app, larder) => {
      app.use(
        larder.cacheResponse(60),
        setting((_, res) => void res.set('X-Response-Time', '1')),
      );
      app.get('/', (_, res) => void res.send('x'));
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });
});

describe('what is set upstream for one request', () => {
  it('is in no stored response, confirmed or not', async () => {
    const { ask, clock } = shop((app, larder) => {
      app.use((req, res, next) => {
        res.set('X-User', String(req.query.as));
        if (req.get('x-secret')) res.set('X-Secret', 'of one');
        next();
      });
      app.get(
        '/:page',
        larder.cacheResponse({ ttl: 60, key: () => 'page' }),
        (_, res) => void res.send('hello'),
      );
    });
    await ask('/a?as=alice');
    clock.advance(61_000);
    const confirmed = await ask('/a?as=bob', { 'X-Secret': '1' });
    expect(confirmed.headers['cache-status']).toContain('fwd-status=304; stored');
    const hit = await ask('/a?as=carol');
    expect([x(hit), hit.headers['x-user'], hit.headers['x-secret']]).toEqual(['HIT', 'carol', undefined]);
  });
});

describe("with reads: 'trust'", () => {
  it('what a handler writes on the request’s headers stays there', async () => {
    const seen: unknown[] = [];
    const { ask } = shop((app, larder) => {
      app.use((req, res, next) =>
        next(void res.on('finish', () => seen.push(req.get('x-user'), req.get('x-gone')))),
      );
      app.use(larder.cacheResponse({ ttl: 60, reads: 'trust' }));
      app.get('/', (req, res) => {
        req.headers['x-user'] = 'verified';
        delete req.headers['x-gone'];
        res.send('x');
      });
    });
    await ask('/', { 'X-User': 'forged', 'X-Gone': '1' });
    await expect.poll(() => seen).toEqual(['verified', undefined]);
  });
});

describe('what an outer policy covers', () => {
  it('an inner one need not', async () => {
    const tenant: RequestHandler = (req, res, next) => {
      res.locals.tenant = req.get('x-tenant');
      next();
    };
    const { ask } = shop((app, larder) => {
      app.use(larder.cacheResponse({ ttl: 60, partition: (req) => req.get('x-tenant') }), tenant);
      app.get('/', larder.cacheResponse(60), (_, res) => void res.send(`of ${res.locals.tenant}`));
    });
    for (const name of ['a', 'b']) expect(text(await ask('/', { 'X-Tenant': name }))).toBe(`of ${name}`);
  });
});

describe('HEAD', () => {
  it('that says nothing to compare confirms nothing', async () => {
    const { ask, clock, runs } = route({ ttl: 60, staleIfError: 3600 }, (_, res) => {
      res.write(`v${runs.count}`);
      res.end();
    });
    await ask('/');
    clock.advance(61_000);
    await ask('/', {}, 'HEAD');
    const next = await ask('/');
    expect([x(next), text(next)]).toEqual(['MISS', 'v3']);
  });
});
