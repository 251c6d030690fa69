import { memoryStore, unsharedLock } from '@larder/core';
import { failingStore } from '@larder/core/testing';
import type { Request, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { bodyOf, get, KEPT, MODES, raw, xOf } from '../support/raw.ts';
import { route, shop, text, x } from '../support/shop.ts';

const who: RequestHandler = (req, res) =>
  void res.set(KEPT).send(req.get('authorization') ?? req.get('cookie') ?? 'nobody');

describe.each(MODES)('what is kept $mode', ({ policy }) => {
  it.each([
    ['a Bearer token', ['Authorization: Bearer alice']],
    ['a password', ['authorization: Basic YWxpY2U6c2VjcmV0']],
    ['a field in odd case', ['aUtHoRiZaTiOn:Bearer alice']],
    ['white space around the value', ['Authorization: \t Bearer alice \t']],
    ['the field twice', ['Authorization: Bearer alice', 'Authorization: Bearer mallory']],
    ['the field twice, empty at first', ['Authorization:', 'Authorization: Bearer alice']],
    ['a cookie', ['Cookie: sid=alice']],
    ['two lines of cookies', ['COOKIE: a=1', 'cookie: sid=alice']],
    ['an empty Cookie field', ['Cookie:']],
    ['a cookie without a name', ['Cookie: alice']],
  ])('is nobody’s who sends %s', async (_way, lines) => {
    const made = route(policy, who);
    const own = await raw(made, get('/', ...lines));
    expect(xOf(own)).not.toBe('HIT');
    const anonymous = await raw(made, get('/'));
    expect([xOf(anonymous), bodyOf(anonymous)]).toEqual(['MISS', 'nobody']);
    expect(bodyOf(await raw(made, get('/')))).toBe('nobody');
    expect(bodyOf(await raw(made, get('/', ...lines)))).toBe(bodyOf(own));
    expect(bodyOf(await raw(made, get('/')))).toBe('nobody');
  });

  it('is nobody’s who waits beside somebody with credentials', async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { ask, server } = route(policy, async (req, res, next) => {
      await opened;
      who(req, res, next);
    });
    const names = ['Bearer a', undefined, 'Bearer b', undefined];
    let arrived = 0;
    server.on('request', () => {
      arrived += 1;
    });
    const asking = names.map((name) => ask('/', name === undefined ? {} : { Authorization: name }));
    await expect.poll(() => arrived).toBe(names.length);
    open();
    expect((await Promise.all(asking)).map(text)).toEqual(names.map((name) => name ?? 'nobody'));
  });

  it.each([
    ['user', { id: 'alice' }],
    ['auth', { sub: 'alice' }],
    ['session', { cookie: {}, userId: 'alice' }],
    ['session', { cookie: {}, passport: { user: 'alice' } }],
  ])('is nobody’s whom req.%s names, though cookies are let through', async (name, value) => {
    for (const cookies of ['ignore', 'unread', ['currency']] as const) {
      const { ask } = shop((app, larder) => {
        app.use((req, _res, next) => next(void (req.get('cookie') && Object.assign(req, { [name]: value }))));
        app.get('/', larder.cacheResponse({ ...policy, cookies }), (req, res) => {
          res.set(KEPT).send(JSON.stringify((req as unknown as Record<string, unknown>)[name] ?? 'nobody'));
        });
      });
      expect(x(await ask('/', { Cookie: 'sid=alice' }))).toBe('BYPASS');
      expect(text(await ask('/'))).toBe('"nobody"');
    }
  });

  it('is nobody’s whom a session behind the cache names', async () => {
    const { ask } = shop((app, larder) => {
      app.use(larder.cacheResponse({ ...policy, cookies: 'unread' }));
      app.use((req, _res, next) =>
        next(void Object.assign(req, { session: { userId: req.headers.cookie } })),
      );
      app.get('/', (req, res) => {
        res.set(KEPT).send((req as Request & { session: { userId?: string } }).session.userId ?? 'nobody');
      });
    });
    expect(text(await ask('/', { Cookie: 'sid=alice' }))).toBe('sid=alice');
    expect(text(await ask('/'))).toBe('nobody');
  });

  it('is no account page whose name looks like a file', async () => {
    const made = shop((app, larder) => {
      app.use(larder.cacheResponse(policy));
      app.use(
        (req, res) =>
          void res
            .set(KEPT)
            .send(`${req.originalUrl} of ${req.get('cookie') ?? req.get('authorization') ?? 'nobody'}`),
      );
    });
    const targets = [
      ...['/account/x.css', '/account;x.css', '/account%2fx.css', '/account#x.css', '/account%23x.css'],
      ...['/account%00.css', '/account%0ax.css', '/account?x.css', '/account%3fx.css', '/account/.css'],
      ...[
        '/account/..%2fstatic/x.css',
        '/static/..%2faccount',
        '/account//x.css',
        '//account/x.css',
        '/account\\x.css',
      ],
    ];
    for (const target of targets) {
      for (const line of ['Cookie: sid=victim', 'Authorization: Bearer victim'])
        expect(bodyOf(await raw(made, get(target, line)))).toContain('victim');
      const attacker = await raw(made, get(target));
      expect([xOf(attacker), bodyOf(attacker)]).toEqual(['MISS', `${target} of nobody`]);
    }
  });
});

describe('by its own headers, a response to a request with Authorization', () => {
  it.each(['public', 's-maxage=60', 'must-revalidate'])(
    'is kept for all if it says %s (RFC 9111 §3.5)',
    async (directive) => {
      const { ask } = route(
        undefined,
        (_, res) => void res.set('Cache-Control', `max-age=60, ${directive}`).send('x'),
      );
      await ask('/', { Authorization: 'Bearer a' });
      expect([x(await ask('/')), x(await ask('/', { Authorization: 'Bearer b' }))]).toEqual(['HIT', 'HIT']);
    },
  );

  it('is not, whatever it says, if its handler looked at them', async () => {
    const { ask } = route(undefined, (req, res) => {
      res.set('Cache-Control', 'public, max-age=60').send(req.get('authorization') ?? 'nobody');
    });
    const first = await ask('/', { Authorization: 'Bearer a' });
    expect(first.headers['cache-status']).toContain('detail=unkeyed-authorization');
    expect(text(await ask('/', { Authorization: 'Bearer b' }))).toBe('Bearer b');
    expect(text(await ask('/'))).toBe('nobody');
  });
});

describe('a tenant', () => {
  const policy = { ttl: 60, partition: (req: Request) => req.get('x-tenant') };

  it('gets no other’s page, whatever is in its name', async () => {
    const made = route(policy, (req, res) => void res.send(`of ${req.get('x-tenant')}`));
    const names = ['a', 'A', 'a:b', 'a|b', '1:a', 'a,b', 'a, b', 'p-v', 'a%3ab', '-', 'a\xa0', '__proto__'];
    for (const name of names) expect(xOf(await raw(made, get('/', `X-Tenant: ${name}`)))).toBe('MISS');
    for (const name of names)
      expect(bodyOf(await raw(made, get('/', `X-Tenant: ${name}`)))).toBe(
        `of ${name.replace('\xa0', '\xc2\xa0')}`,
      );
  });

  it('that is missing or empty is none, and shares nothing', async () => {
    const made = route(policy, (_, res) => void res.send('x'));
    for (const request of [get('/'), get('/', 'X-Tenant:'), get('/')])
      expect(xOf(await raw(made, request))).toBe('BYPASS');
  });

  it('by its subdomain is told from all others, though two have one name in different case', async () => {
    const { ask } = route(60, (req, res) => void res.send(req.subdomains.join()));
    expect(text(await ask('/', { Host: 'a.shop.example' }))).toBe('a');
    expect(text(await ask('/', { Host: 'b.shop.example' }))).toBe('b');
    expect(x(await ask('/', { Host: 'A.SHOP.example' }))).toBe('HIT');
  });
});

describe('after a user’s pages were invalidated', () => {
  const windows = { ttl: 10, staleWhileRevalidate: 600, staleIfError: 600 };
  const page: RequestHandler = (req, res) =>
    req.headers.referer === 'down' ? void res.sendStatus(503) : void res.send('page');
  const policy = { ...windows, tags: ['user:1'], readsAllowed: ['referer'] };

  it('none is served stale, in no window', async () => {
    for (const seconds of [0, 20]) {
      const { ask, clock, larder } = route(policy, page);
      await ask('/');
      clock.advance(seconds * 1000);
      await larder.cache.invalidate('user:1');
      expect((await ask('/', { Referer: 'down' })).status).toBe(503);
      expect(x(await ask('/'))).toBe('MISS');
    }
  });

  it('none stands in for a failure that was under way', async () => {
    const { ask, clock, larder } = route({ ...policy, staleWhileRevalidate: 0 }, async (req, res, next) => {
      if (req.headers.referer === 'down') await larder.cache.invalidate('user:1');
      page(req, res, next);
    });
    await ask('/');
    clock.advance(20_000);
    expect((await ask('/', { Referer: 'down' })).status).toBe(503);
  });

  it('none is served either if the shared store could not be told', async () => {
    const far = failingStore(memoryStore({}, { namespace: 'far' }));
    const { ask, clock, larder } = route(policy, page, {
      redis: { name: 'far', open: () => ({ store: far, lock: unsharedLock }) },
    });
    await ask('/');
    far.failing = true;
    expect(await larder.cache.invalidate('user:1')).toEqual({ state: 'pending' });
    expect((await ask('/', { Referer: 'down' })).status).toBe(503);
    far.failing = false;
    clock.advance(2000);
    expect((await ask('/', { Referer: 'down' })).status).toBe(503);
  });
});

describe('who fetches a stale page anew', () => {
  const policy = { ttl: 10, staleWhileRevalidate: 600, cookies: 'ignore' } as const;

  it('does so without cookies: it is everybody’s', async () => {
    for (const revalidate of ['background', 'foreground', 'dispatch'] as const) {
      const { ask, clock, runs } = route(
        { ...policy, revalidate },
        (req, res) => void res.send(`${req.get('cookie') ?? 'nobody'} ${runs.count}`),
      );
      await ask('/');
      clock.advance(20_000);
      await ask('/', { Cookie: 'sid=alice' });
      await expect.poll(async () => x(await ask('/'))).toBe('HIT');
      expect(text(await ask('/'))).toBe('nobody 2');
    }
  });

  it('leaves nothing behind of an address, a user or a token', async () => {
    const { app, ask, clock } = route({ staleWhileRevalidate: 600 }, (req, res) => {
      res.set('Cache-Control', 'max-age=10').send(req.get('authorization') ?? req.ip);
    });
    app.set('trust proxy', true);
    for (let i = 0; i < 2; i += 1) {
      await ask('/', { 'X-Forwarded-For': '203.0.113.7' });
      await ask('/', { Authorization: 'Bearer alice' });
      expect(text(await ask('/'))).toBe('127.0.0.1');
      clock.advance(20_000);
    }
  });
});
