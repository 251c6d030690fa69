import type { Request, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { type Policy, unwatched } from '../src/index.ts';
import { route, shop, text, x } from './support/shop.ts';

type Answering = Awaited<ReturnType<ReturnType<typeof route>['ask']>>;

const detail = ({ headers }: Answering) => /detail=([^;,]+)/.exec(String(headers['cache-status']))?.[1];

/** A route whose handler answers what `read` makes of its request. */
const reading = (read: (req: Request) => unknown, policy: number | Policy<Request> = 60) =>
  route(policy, (req, res) => void res.json(read(req) ?? null));

describe('a handler that reads what the key does not cover keeps its response out', () => {
  it.each<[string, (req: Request) => unknown]>([
    ['unkeyed-x-forwarded-host', (req) => req.get('X-Forwarded-Host')],
    ['unkeyed-accept-language', (req) => req.acceptsLanguages('fr', 'en')],
    ['unkeyed-user-agent', (req) => req.headers['user-agent']],
    ['unkeyed-x-requested-with', (req) => req.xhr],
    ['unkeyed-x-flag', (req) => 'x-flag' in req.headers],
    ['unkeyed-x-flag', (req) => req.headersDistinct['x-flag']],
    ['unkeyed-headers', (req) => ({ ...req.headers })],
    ['unkeyed-headers', (req) => req.rawHeaders.length],
    ['unkeyed-ip', (req) => req.ip],
  ])('%s: %s', async (reason, read) => {
    const { ask } = reading(read);
    expect(detail(await ask('/'))).toBe(reason);
    expect(x(await ask('/'))).toBe('MISS');
  });

  it.each<[string, (req: Request) => unknown]>([
    ['its host', (req) => req.hostname],
    ['its scheme', (req) => [req.protocol, req.secure]],
    ['its target', (req) => [req.url, req.originalUrl, req.path, req.query]],
    ['its method and its freshness', (req) => [req.method, req.fresh, req.stale]],
    ['credentials that it would have bypassed with', (req) => [req.get('cookie'), req.get('authorization')]],
    ['a user that there is not', (req) => (req as Request & { user?: unknown }).user],
    ['marks of one exchange', (req) => [req.get('traceparent'), req.get('tracestate')]],
  ])('but may read %s', async (_, read) => {
    const { ask } = reading(read);
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('but may read what its policy or its Vary names', async () => {
    const byPolicy = reading((req) => req.get('x-currency'), { ttl: 60, vary: ['X-Currency'] });
    const byVary = route(60, (req, res) => void res.vary('X-Currency').json(req.get('x-currency') ?? null));
    for (const { ask } of [byPolicy, byVary]) {
      for (const currency of ['EUR', 'USD', 'EUR'])
        expect(text(await ask('/', { 'X-Currency': currency }))).toBe(`"${currency}"`);
      expect(x(await ask('/', { 'X-Currency': 'USD' }))).toBe('HIT');
    }
  });

  it('and may read what its policy makes key and partition of', async () => {
    const policy = {
      ttl: 60,
      key: (req: Request) => req.get('x-page') ?? 'none',
      partition: (req: Request) => req.get('x-tenant'),
    };
    const { ask } = reading((req) => [req.get('x-page'), req.get('x-tenant')], policy);
    const fields = { 'X-Page': '1', 'X-Tenant': 'a' };
    await ask('/', fields);
    expect(x(await ask('/', fields))).toBe('HIT');
  });

  it('also by a stream that reads when its head is long gone', async () => {
    const { ask, observer } = route(60, (req, res) => {
      res.write('first');
      setImmediate(() => res.end(req.get('x-late')));
    });
    await ask('/', { 'X-Late': 'mine' });
    await expect.poll(() => observer.of('request')[0]?.status).toMatchObject({ detail: 'unkeyed-x-late' });
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('but not for what middleware upstream reads while the response passes it', async () => {
    const { ask } = shop((app, larder) => {
      app.use((req, res, next) => {
        const { writeHead } = res;
        res.writeHead = function logged(...args: unknown[]) {
          res.setHeader('X-Agent', String(req.headers['user-agent']));
          return writeHead.apply(res, args as never);
        } as typeof res.writeHead;
        next();
      });
      app.get('/', larder.cacheResponse(60), (_, res) => void res.send('x'));
    });
    await ask('/', { 'User-Agent': 'a' });
    const hit = await ask('/', { 'User-Agent': 'b' });
    expect([x(hit), hit.headers['x-agent']]).toEqual(['HIT', 'b']);
  });
});

describe('without a ttl', () => {
  it('who passes all fields on answers by the word of another, and that is its Vary', async () => {
    const { ask } = route(undefined, (req, res) => {
      const passed = { ...req.headers };
      res.set({ 'Cache-Control': 'max-age=60', Vary: 'X-Tenant' }).send(passed['x-tenant'] ?? 'none');
    });
    for (const tenant of ['a', 'b', 'a']) expect(text(await ask('/', { 'X-Tenant': tenant }))).toBe(tenant);
    expect(x(await ask('/', { 'X-Tenant': 'b' }))).toBe('HIT');
  });

  it('who reads one field by name does not', async () => {
    const { ask } = route(undefined, (req, res) => {
      res.set('Cache-Control', 'max-age=60').send(req.get('x-tenant') ?? 'none');
    });
    expect(detail(await ask('/'))).toBe('unkeyed-x-tenant');
  });
});

describe("reads: 'vary'", () => {
  const greeting = (policy: Policy<Request>) =>
    reading((req) => req.acceptsLanguages('fr', 'en'), { ttl: 60, reads: 'vary', ...policy });

  it('makes variants of the fields that were read, and says so in Vary', async () => {
    const { ask } = greeting({});
    const [fr, en] = [{ 'Accept-Language': 'fr' }, { 'Accept-Language': 'en' }];
    const first = await ask('/', fr);
    expect([text(first), first.headers.vary]).toEqual(['"fr"', 'accept-language']);
    expect(text(await ask('/', en))).toBe('"en"');
    const hit = await ask('/', fr);
    expect([x(hit), text(hit), hit.headers.vary]).toEqual(['HIT', '"fr"', 'accept-language']);
  });

  it('does not make one of credentials, nor of what is no field', async () => {
    const cookies = reading((req) => req.get('cookie'), { ttl: 60, reads: 'vary', cookies: 'unread' });
    expect(detail(await cookies.ask('/', { Cookie: 'sid=1' }))).toBe('unkeyed-cookie');
    const address = reading((req) => req.ip, { ttl: 60, reads: 'vary' });
    expect(detail(await address.ask('/'))).toBe('unkeyed-ip');
  });

  it('refuses what is read after its head has gone, for that names no more fields', async () => {
    const { ask, observer } = route({ ttl: 60, reads: 'vary' }, (req, res) => {
      res.write('first');
      setImmediate(() => res.end(req.get('x-late')));
    });
    await ask('/');
    await expect.poll(() => observer.of('request')[0]?.status).toMatchObject({ detail: 'unkeyed-x-late' });
  });
});

describe('what may be read all the same', () => {
  it("is anything with reads: 'trust'", async () => {
    const { ask } = reading((req) => [req.ip, { ...req.headers }, req.get('x-a')], {
      ttl: 60,
      reads: 'trust',
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('is what readsAllowed names', async () => {
    const policy = { ttl: 60, readsAllowed: ['User-Agent', 'ip'] };
    const { ask } = reading((req) => [req.get('user-agent') === 'x', req.ip === ''], policy);
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it.each(['cookie', 'Authorization', 'user', 'session'])('is never %s, which says who is asking', (name) => {
    expect(() => reading(() => 1, { ttl: 60, readsAllowed: [name] })).toThrow('LARDER_INVALID_POLICY');
  });

  it('is what middleware reads that is mounted as unwatched', async () => {
    const logger: RequestHandler = (req, _, next) => {
      expect([req.ip, req.get('user-agent')]).toHaveLength(2);
      setImmediate(next);
    };
    const made = (middleware: RequestHandler) =>
      shop((app, larder) => {
        app.use(larder.cacheResponse(60));
        app.use(middleware);
        app.get('/', (_, res) => void res.send('x'));
      });
    const [watched, not] = [made(logger), made(unwatched(logger))];
    expect(detail(await watched.ask('/'))).toBe('unkeyed-ip');
    await not.ask('/');
    expect(x(await not.ask('/'))).toBe('HIT');
  });
});

describe("cookies: 'unread'", () => {
  const analytics = { Cookie: '_ga=GA1.2.3; _gid=4' };
  const page = (read: (req: Request) => unknown, before: RequestHandler = (_req, _res, next) => next()) =>
    shop((app, larder) => {
      app.use(before);
      app.get('/', larder.cacheResponse({ ttl: 60, cookies: 'unread' }), (req, res) => {
        res.json(read(req) ?? null);
      });
    });

  it('lets a browser with cookies that nobody reads use the cache', async () => {
    const { ask } = page(() => 1);
    await ask('/', analytics);
    expect([x(await ask('/', { Cookie: '_ga=other' })), x(await ask('/'))]).toEqual(['HIT', 'HIT']);
  });

  it('keeps out what was made after one was read, parsed before or not, there or not', async () => {
    const parsed: RequestHandler = (req, _, next) => next(void Object.assign(req, { cookies: { _ga: '1' } }));
    const byName = page((req) => (req as Request & { cookies: Record<string, string> }).cookies.sid, parsed);
    const byField = page((req) => req.get('cookie'));
    const all = page((req) => Object.keys((req as Request & { cookies: object }).cookies), parsed);
    for (const { ask } of [byName, byField, all]) {
      for (const fields of [analytics, {}]) expect(detail(await ask('/', fields))).toBe('unkeyed-cookie');
      expect(x(await ask('/'))).toBe('MISS');
    }
  });
});
