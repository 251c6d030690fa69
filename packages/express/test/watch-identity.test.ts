import type { Express, Request, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { handled, type Loose, plain, put, readsIn } from './support/watching.ts';

describe('cookies', () => {
  const parsed = { cookies: { sid: 's', currency: 'EUR' }, signedCookies: { cart: '7' } };
  const upstream = (app: Express) => void app.use(put(parsed));
  const fields = { Cookie: 'sid=s; currency=EUR', 'X-A': '1' };
  const parsedCookies = (req: Loose) => req.cookies as Record<string, string>;

  it('that nobody shows are hidden from the field and from its other forms', async () => {
    const { value } = await handled(
      (req) => [
        req.headers.cookie,
        req.get('cookie'),
        req.headersDistinct.cookie,
        req.rawHeaders.some((text) => text.includes('sid')),
        Object.entries(parsedCookies(req)),
        { ...(req.signedCookies as object) },
      ],
      { fields, upstream, rules: { cookiesShown: ['currency', 'other'] } },
    );
    expect(value).toEqual([
      'currency=EUR',
      'currency=EUR',
      ['currency=EUR'],
      false,
      [['currency', 'EUR']],
      {},
    ]);
  });

  it('leave no field where none is shown', async () => {
    const read = (req: Loose) => ['cookie' in req.headers, req.rawHeaders.includes('Cookie')];
    const { value, watch: watched } = await handled(read, { fields, rules: { cookiesShown: [] } });
    expect(value).toEqual([false, false]);
    expect(watched.asked.get('cookie')).toBe('sid=s; currency=EUR');
  });

  it('are all there without such a rule', async () => {
    const { value } = await handled((req) => [req.headers.cookie, parsedCookies(req).sid], {
      fields,
      upstream,
    });
    expect(value).toEqual([fields.Cookie, 's']);
  });

  it('are read by name from what somebody has parsed', async () => {
    const read = (req: Loose) => [parsedCookies(req).sid, 'no' in parsedCookies(req), req.signedCookies];
    expect(await readsIn(read, { fields, upstream })).toEqual({ cookies: ['no', 'sid'] });
    const signed = (req: Loose) => (req.signedCookies as Record<string, string>).cart;
    expect(await readsIn(signed, { fields, upstream })).toEqual({ cookies: ['cart'] });
  });

  it.each<[string, (req: Loose) => unknown]>([
    ['listed', (req) => Object.keys(parsedCookies(req))],
    ['spread', (req) => ({ ...(req.signedCookies as object) })],
    ['taken from the field', (req) => req.headers.cookie],
  ])('are the field when they are %s', async (_way, read) => {
    expect((await readsIn(read, { fields, upstream })).fields).toEqual(['cookie']);
  });

  it('that are parsed behind the cache come from the field, and stay with the request', async () => {
    const {
      value,
      reads,
      req,
      watch: watched,
    } = await handled((given) => parsedCookies(given).currency, {
      fields,
      rules: { cookiesShown: ['currency'] },
      behind: (app) =>
        app.use((given, _res, next) => {
          if (given.cookies) return next();
          given.cookies = Object.create(null);
          const pairs = (given.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
          given.cookies = Object.fromEntries(pairs);
          next();
        }),
    });
    expect([value, reads]).toEqual(['EUR', { fields: ['cookie'] }]);
    watched.restore();
    expect(req.cookies).toEqual({ currency: 'EUR' });
  });

  it('are the field where somebody upstream has fixed them for good', async () => {
    const fixed = (app: Express) =>
      void app.use((req, _res, next) => next(void Object.defineProperty(req, 'cookies', { value: {} })));
    expect(await readsIn(() => {}, { upstream: fixed })).toEqual({ fields: ['cookie'] });
  });

  it('are back after the watch, with what the handler wrote there', async () => {
    const seen = await handled(() => {}, { fields, upstream, rules: { cookiesShown: [] } });
    seen.watch.restore();
    expect([seen.req.cookies, seen.req.headers.cookie]).toEqual([parsed.cookies, fields.Cookie]);
    expect(seen.req.cookies).toBe(parsed.cookies);
    const wrote = await handled((req) => void Object.assign(parsedCookies(req), { seen: '1' }), { upstream });
    wrote.watch.restore();
    expect(wrote.req.cookies).toEqual({ ...parsed.cookies, seen: '1' });
    expect(parsed.cookies).not.toHaveProperty('seen');
  });
});

describe('who is asking', () => {
  const upstream = (app: Express) =>
    void app.use(put({ user: { id: 1 }, auth: { sub: 'a' }, session: { cart: 1 }, sessionID: 's' }));

  it.each([
    ['user', 'user'],
    ['auth', 'auth'],
    ['session', 'session'],
    ['sessionID', 'session'],
  ])('is read by req.%s', async (name, other) => {
    const { value, reads } = await handled((req) => req[name], { upstream });
    expect([value, reads]).toEqual([expect.anything(), { others: [other] }]);
  });

  it.each([
    ['session', 'no session'],
    ['user', 'no user'],
  ])('is not read by req.%s where there is %s', async (name) => {
    for (const nobody of [undefined, null, false]) {
      const nothing = (app: Express) => void app.use(put({ [name]: nobody }));
      expect(await readsIn((req) => req[name], { upstream: nothing })).toEqual({});
    }
  });

  it('is read when it was found out behind the cache, as passport does', async () => {
    const {
      value,
      reads,
      req,
      watch: watched,
    } = await handled((given) => (given.isAuthenticated as () => boolean)(), {
      behind: (app) =>
        app.use((given, _res, next) => {
          Object.assign(given, {
            isAuthenticated(this: Loose) {
              return Boolean(this.user);
            },
          });
          (given as Loose).user = { id: 2 };
          next();
        }),
    });
    expect([value, reads]).toEqual([true, { others: ['user'] }]);
    watched.restore();
    expect(Object.getOwnPropertyDescriptor(req, 'user')).toEqual(plain({ id: 2 }));
  });

  it('is a session that middleware behind the cache makes, destroys and makes again, as express-session does', async () => {
    const {
      value,
      reads,
      req,
      watch: watched,
    } = await handled(
      (given) => {
        const first = given.session;
        delete given.session;
        const between = given.session;
        given.session = { n: 2 };
        return [first, between, given.session];
      },
      {
        fields: { Cookie: 'connect.sid=1' },
        behind: (app) =>
          app.use((given, _res, next) => {
            const from = given as Loose;
            if (from.session) return next();
            from.sessionID = /sid=(\d)/.exec(from.headers.cookie ?? '')?.[1];
            from.session = {};
            (from.session as Record<string, number>).n = 1;
            next();
          }),
      },
    );
    expect(value).toEqual([{ n: 1 }, undefined, { n: 2 }]);
    expect(reads).toEqual({ fields: ['cookie'], others: ['session'] });
    watched.restore();
    expect(Object.getOwnPropertyDescriptor(req, 'session')).toEqual(plain({ n: 2 }));
    expect(Object.getOwnPropertyDescriptor(req, 'sessionID')).toEqual(plain('1'));
  });

  it('is a session that is defined with accessors, as cookie-session does', async () => {
    const get = function (this: Request) {
      return { from: this.headers.cookie };
    };
    const define: RequestHandler = (req, _res, next) => {
      Object.defineProperty(req, 'session', { configurable: true, enumerable: true, get, set() {} });
      next();
    };
    const fields = { Cookie: 'a=b' };
    const behind = await handled((req) => req.session, { fields, behind: (app) => app.use(define) });
    expect([behind.value, behind.reads]).toEqual([{ from: 'a=b' }, { fields: ['cookie'] }]);
    const before = await handled((req) => req.session, { fields, upstream: (app) => app.use(define) });
    expect([before.value, before.reads]).toEqual([{ from: 'a=b' }, { others: ['session'] }]);
    for (const { req, watch: watched } of [behind, before]) {
      watched.restore();
      expect(Object.getOwnPropertyDescriptor(req, 'session')?.get).toBe(get);
    }
  });

  it('is set by the setter that somebody upstream gave it, and not at all where it has none', async () => {
    const set: unknown[] = [];
    const { value } = await handled(
      (req) => {
        Object.assign(req, { session: 1 });
        Reflect.set(req, 'user', 'mallory');
        return [req.session, req.user];
      },
      {
        upstream: (app) =>
          void app.use((req, _res, next) => {
            const session = { configurable: true, get: () => 2, set: (given: unknown) => set.push(given) };
            Object.defineProperties(req, { session, user: { configurable: true, value: 'alice' } });
            next();
          }),
      },
    );
    expect([value, set]).toEqual([[2, 'alice'], [1]]);
  });

  it('and sets it as ever: what was written is what is read, listed and deleted', async () => {
    const { value } = await handled((req) => {
      const listed = [Object.keys(req).includes('user')];
      req.user = 1;
      listed.push(Object.keys(req).includes('user'));
      delete req.user;
      return [...listed, Object.keys(req).includes('user'), req.user];
    });
    expect(value).toEqual([false, true, false, undefined]);
  });
});
