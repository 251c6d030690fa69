import express, { type Request } from 'express';
import { describe, expect, it } from 'vitest';
import { raw } from './support/raw.ts';
import { route, shop, text, x } from './support/shop.ts';

const who = (req: Request) => req.get('authorization') ?? req.get('cookie') ?? 'nobody';

describe('a request that says who is asking leaves the cache alone', () => {
  it.each([
    ['authorization', { Authorization: 'Bearer a' }],
    ['cookie', { Cookie: 'sid=a' }],
  ])('by %s', async (detail, fields) => {
    const { ask } = route(60, (req, res) => void res.send(who(req)));
    const first = await ask('/', fields);
    expect([x(first), first.headers['cache-status']]).toEqual([
      'BYPASS',
      `Larder; fwd=bypass; detail=${detail}`,
    ]);
    expect(text(await ask('/'))).toBe('nobody');
    expect(text(await ask('/', fields))).not.toBe('nobody');
  });

  it.each(['user', 'auth'])('by req.%s, set before the cache', async (property) => {
    const { ask } = shop((app, larder) => {
      app.use((req, _, next) => next(void Object.assign(req, { [property]: { id: 1 } })));
      app.get('/', larder.cacheResponse(60), (_, res) => void res.send('x'));
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('BYPASS');
  });

  it('by a user that is found out only behind the cache', async () => {
    const { ask } = shop((app, larder) => {
      app.use(larder.cacheResponse(60));
      app.use((req, _, next) => next(void Object.assign(req, { user: { id: req.query.as } })));
      app.get('/', (req, res) => void res.send((req as Request & { user: { id: string } }).user.id));
    });
    const first = await ask('/?as=a');
    expect(first.headers['cache-status']).toContain('detail=unkeyed-user');
    expect(x(await ask('/?as=a'))).toBe('MISS');
  });

  it('by a session that holds something, and not by an empty one', async () => {
    const { ask } = shop((app, larder) => {
      app.use((req, _, next) => next(void Object.assign(req, { session: { cookie: {}, ...req.query } })));
      app.get('/', larder.cacheResponse(60), (_, res) => void res.send('x'));
    });
    await ask('/');
    expect([x(await ask('/')), x(await ask('/?userId=1'))]).toEqual(['HIT', 'BYPASS']);
  });

  it('unless the policy tells users apart: then even private responses are kept, each for its own', async () => {
    const policy = {
      ttl: 60,
      partition: (req: Request) => req.get('authorization'),
      credentials: 'partitioned',
    } as const;
    const { ask } = route(policy, (req, res) => void res.set('Cache-Control', 'private').send(who(req)));
    for (const user of ['a', 'b']) expect(text(await ask('/', { Authorization: user }))).toBe(user);
    const again = await ask('/', { Authorization: 'a' });
    expect([x(again), text(again)]).toEqual(['HIT', 'a']);
    expect(x(await ask('/'))).toBe('BYPASS');
  });

  it('and then only by what was known when the cache was asked', async () => {
    const { ask } = shop((app, larder) => {
      const partition = (req: Request & { user?: string }) => req.user ?? 'nobody';
      app.use(larder.cacheResponse({ ttl: 60, partition, credentials: 'partitioned' }));
      app.use((req, _, next) => next(void Object.assign(req, { user: req.get('authorization') })));
      app.get('/', (req, res) => void res.send((req as Request & { user: string }).user));
    });
    const first = await ask('/', { Authorization: 'alice' });
    expect(first.headers['cache-status']).toContain('detail=partition');
    expect(text(await ask('/', { Authorization: 'bob' }))).toBe('bob');
  });

  it('and a partition that cannot be told any more keeps the response out, and sends it', async () => {
    const partition = (req: Request & { user?: { id: string } }) => req.user!.id;
    const { ask } = shop((app, larder) => {
      app.use((req, _, next) => next(void Object.assign(req, { user: { id: 'alice' } })));
      app.get('/', larder.cacheResponse({ ttl: 60, partition, credentials: 'partitioned' }), (req, res) => {
        Object.assign(req, { user: undefined });
        res.send('bye');
      });
    });
    expect([text(await ask('/')), x(await ask('/'))]).toEqual(['bye', 'MISS']);
  });

  it('and may be read from a cookie that the handler does not see', async () => {
    const partition = (req: Request) => /tenant=(\w+)/.exec(req.get('cookie') ?? '')?.[1];
    const { ask } = route({ ttl: 60, cookies: 'ignore', partition }, (req, res) => {
      res.send(req.get('cookie') ?? 'none');
    });
    const asked = () => ask('/', { Cookie: 'tenant=acme' });
    expect([text(await asked()), x(await asked())]).toEqual(['none', 'HIT']);
    expect(x(await ask('/', { Cookie: 'tenant=other' }))).toBe('MISS');
  });

  it('and is told to nobody downstream either', async () => {
    const policy = {
      ttl: 60,
      partition: (req: Request) => req.get('authorization'),
      credentials: 'partitioned',
    } as const;
    const { ask } = route(policy, (req, res) => void res.send(who(req)));
    expect((await ask('/', { Authorization: 'a' })).headers['cache-control']).toBe('private, no-cache');
  });
});

describe('a partition', () => {
  it('that is no well-formed text bypasses, for stores could not tell two of them apart', async () => {
    const policy = { ttl: 60, partition: () => '\ud800' };
    const { ask } = route(policy, (_, res) => void res.send('x'));
    expect((await ask('/')).headers['cache-status']).toBe('Larder; fwd=bypass; detail=partition');
  });
});

describe('cookies', () => {
  it('that the policy ignores are hidden from the handler while it fills, and only then', async () => {
    const { ask } = route({ ttl: 60, cookies: 'ignore' }, (req, res) => {
      const during = req.get('cookie') ?? 'none';
      res.on('finish', () => expect(req.get('cookie')).toBe('ga=1'));
      res.send(during);
    });
    expect(text(await ask('/', { Cookie: 'ga=1' }))).toBe('none');
    const hit = await ask('/', { Cookie: 'ga=2' });
    expect([x(hit), text(hit)]).toEqual(['HIT', 'none']);
  });

  it('that somebody has parsed already are hidden as well, to the last byte of a stream', async () => {
    const { ask } = shop((app, larder) => {
      app.use((req, _, next) =>
        next(void Object.assign(req, { cookies: { sid: 'secret', currency: 'EUR' } })),
      );
      app.get('/', larder.cacheResponse({ ttl: 60, cookies: ['currency'] }), async (req, res) => {
        const { cookies } = req as Request & { cookies: object };
        res.write(JSON.stringify(cookies));
        await new Promise((resolve) => setImmediate(resolve));
        res.end(req.get('cookie'));
      });
    });
    const answer = await ask('/', { Cookie: 'sid=secret; currency=EUR' });
    expect(text(answer)).toBe('{"currency":"EUR"}currency=EUR');
  });

  it('that the policy names are part of the key, and all that the handler sees', async () => {
    const { ask } = route(
      { ttl: 60, cookies: ['currency'] },
      (req, res) => void res.send(req.get('cookie') ?? 'none'),
    );
    expect(text(await ask('/', { Cookie: 'sid=secret; currency=EUR' }))).toBe('currency=EUR');
    expect(text(await ask('/', { Cookie: 'currency=USD; sid=other' }))).toBe('currency=USD');
    const hit = await ask('/', { Cookie: 'currency=EUR' });
    expect([x(hit), text(hit)]).toEqual(['HIT', 'currency=EUR']);
    expect(text(await ask('/', { Cookie: 'sid=x' }))).toBe('none');
  });
});

describe('a response that is meant for one is refused', () => {
  it.each([
    ['set-cookie', 'Set-Cookie', 'a=b'],
    ['private', 'Cache-Control', 'Private'],
    ['private', 'Cache-Control', 'max-age=60, private="x"'],
    ['no-store', 'Cache-Control', 'no-store'],
    ['no-cache', 'Cache-Control', 'no-cache'],
    ['vary-any', 'Vary', '*'],
    ['vary-credentials', 'Vary', 'Cookie'],
  ])('for %s: %s: %s', async (detail, name, value) => {
    const { ask, runs } = route(60, (_, res) => void res.setHeader(name, value).send('x'));
    expect((await ask('/')).headers['cache-status']).toContain(`detail=${detail}`);
    expect([x(await ask('/')), runs.count]).toEqual(['MISS', 2]);
  });

  it('and is shared with nobody who waits for it', async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let n = 0;
    const { ask, runs } = route(60, async (_, res) => {
      n += 1;
      const mine = String(n);
      if (runs.count === 1) await opened;
      res.set('Cache-Control', 'private').send(mine);
    });
    const asking = [ask('/'), ask('/'), ask('/')];
    await expect.poll(() => runs.count).toBe(1);
    open();
    const answers = await Promise.all(asking);
    expect(new Set(answers.map(text)).size).toBe(3);
  });
});

describe('requests that no two clients share', () => {
  it.each([
    ['request-body', 'GET / HTTP/1.1\nHost: a\nContent-Length: 1\nConnection: close\n\nx'],
    ['request-body', 'GET / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nConnection: close\n\n0\n\n'],
    ['host', 'GET / HTTP/1.1\nHost: a\nHost: b\nConnection: close\n\n'],
    ['target', 'GET http://evil.example/ HTTP/1.1\nHost: a\nConnection: close\n\n'],
    ['precondition', 'GET / HTTP/1.1\nHost: a\nIf-Match: "x"\nConnection: close\n\n'],
  ])('bypass for their %s: %j', async (detail, request) => {
    const made = route(60, (_, res) => void res.send('x'));
    const answer = await raw(made, request);
    expect(answer).toContain(`Cache-Status: Larder; fwd=bypass; detail=${detail}\r\n`);
    expect(await raw(made, request)).toContain('X-Cache: BYPASS\r\n');
  });

  it('are told apart by every byte of their target, and by their host', async () => {
    const { ask, runs } = shopOfEverything();
    const targets = [
      '/a',
      '/A',
      '/a/',
      '/a?',
      '/%61',
      '/a%2fb',
      '/a/b',
      '/a;b',
      '/a?x=1&y=2',
      '/a?y=2&x=1',
      '/a?x=1&x=2',
    ];
    for (const target of targets) expect(x(await ask(target))).toBe('MISS');
    expect(x(await ask('/a', { Host: 'other.example' }))).toBe('MISS');
    expect(x(await ask('/a'))).toBe('HIT');
    expect(runs.count).toBe(targets.length + 1);
  });

  it('are told apart by what something upstream has made of their target', async () => {
    const { ask } = shop((app, larder) => {
      app.use((req, _, next) => {
        req.url = req.get('x-original-url') ?? req.url;
        next();
      });
      app.use(larder.cacheResponse(60));
      app.get('/internal', (_, res) => void res.send('internal'));
      app.get('/', (_, res) => void res.send('home'));
    });
    expect(text(await ask('/', { 'X-Original-URL': '/internal' }))).toBe('internal');
    expect([text(await ask('/')), x(await ask('/'))]).toEqual(['home', 'HIT']);
  });

  it('never get a private page because its name looks static', async () => {
    const { ask } = shopOfEverything();
    for (const target of ['/account/x.css', '/account;x.css', '/account%2fx.css']) {
      expect(x(await ask(target, { Cookie: 'sid=victim' }))).toBe('BYPASS');
      expect(x(await ask(target))).toBe('MISS');
    }
  });

  it('may say no-store, and are not stored', async () => {
    const { ask } = route(60, (_, res) => void res.send('x'));
    await ask('/', { 'Cache-Control': 'no-store' });
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('cannot empty the cache by asking for something fresh', async () => {
    const { ask } = route(60, (_, res) => void res.send('x'));
    await ask('/');
    for (const value of ['no-cache', 'max-age=0'])
      expect(x(await ask('/', { 'Cache-Control': value }))).toBe('HIT');
    expect(x(await ask('/', { Pragma: 'no-cache' }))).toBe('HIT');
    for (const method of ['PURGE', 'DELETE']) await ask('/', {}, method);
    expect(x(await ask('/'))).toBe('HIT');
  });
});

describe('behind a proxy that Express trusts', () => {
  it('the host is the one the proxy was asked for; behind one it does not trust, the proxy’s own', async () => {
    const { app, ask } = shop((made, larder) => {
      made.get('/', larder.cacheResponse(60), (req, res) => void res.send(req.hostname));
    });
    const asked = async (host: string) => text(await ask('/', { Host: 'inner', 'X-Forwarded-Host': host }));
    expect([await asked('a.example'), await asked('b.example')]).toEqual(['inner', 'inner']);
    app.set('trust proxy', true);
    expect([await asked('a.example'), await asked('b.example')]).toEqual(['a.example', 'b.example']);
  });
});

function shopOfEverything() {
  const runs = { count: 0 };
  const made = shop((app, larder) => {
    app.use(larder.cacheResponse(60), (req, res, next) => {
      if (req.method !== 'GET') return next();
      runs.count += 1;
      res.send(req.originalUrl);
    });
    app.use(express.json());
  });
  return { ...made, runs };
}
