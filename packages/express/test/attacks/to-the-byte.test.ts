import express, { type Request } from 'express';
import { describe, expect, it } from 'vitest';
import { bodyOf, get, raw } from '../support/raw.ts';
import { route, shop, text, x } from '../support/shop.ts';

describe('values that a handler tells apart are told apart', () => {
  it.each([
    ['acme\xa0', 'acme'],
    ['a; b', 'a;b'],
    ['"a , b"', '"a,b"'],
  ])('X-Tenant %j is not %j', async (one, other) => {
    const made = route({ ttl: 60, vary: ['X-Tenant'] }, (req, res) => {
      res.send(Buffer.from(req.get('x-tenant')!, 'latin1'));
    });
    await raw(made, get('/', `X-Tenant: ${one}`));
    expect(bodyOf(await raw(made, get('/', `X-Tenant: ${other}`)))).toBe(other);
  });

  it('a cookie whose name begins with a no-break space is another cookie (RFC 6265 §5.2)', async () => {
    const made = shop((app, larder) => {
      app.use((req, _res, next) => {
        const pairs = (req.headers.cookie ?? '')
          .split(';')
          .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, '').split('='));
        next(void Object.assign(req, { cookies: Object.fromEntries(pairs) }));
      });
      app.get('/', larder.cacheResponse({ ttl: 60, cookies: ['currency'] }), (req, res) => {
        res.send((req as Request & { cookies: Record<string, string> }).cookies.currency);
      });
    });
    await raw(made, get('/', 'Cookie: \xa0currency=USD; currency=EUR'));
    expect(bodyOf(await raw(made, get('/', 'Cookie: currency=USD')))).toBe('USD');
  });

  it('a forwarded host is the one that Express tells', async () => {
    const made = route(60, (req, res) => void res.send(Buffer.from(req.hostname, 'latin1')));
    made.app.set('trust proxy', true);
    await raw(made, get('/', 'X-Forwarded-Host: shop.example\xa0'));
    expect(bodyOf(await raw(made, get('/')))).toBe('shop.example');
  });
});

describe('a page shaped by a field that nobody would think of is not kept', () => {
  it.each(['baggage', 'x-request-id', 'via', 'date', 'if-range', 'pragma', 'te', 'connection'])(
    '%s',
    async (name) => {
      const { ask } = route(60, (req, res) => void res.send(`<p>${req.get(name) ?? 'none'}</p>`));
      const value = name === 'connection' ? 'close, evil' : 'evil';
      expect(text(await ask('/', { [name]: value }))).toContain('evil');
      expect((await ask('/')).body.toString()).not.toContain('evil');
    },
  );
});

describe('Cache-Control with a mistake in it forbids what it names', () => {
  it.each(['max-age=0; private', 'public; private', 'no-transform; no-store', 'max-age=60 private'])(
    '%s',
    async (value) => {
      const { ask } = route(60, (_, res) => void res.set('Cache-Control', value).send('x'));
      await ask('/');
      expect(x(await ask('/'))).toBe('MISS');
    },
  );
});

describe('what is told of a request', () => {
  it('names the right one of two parameters with one value', async () => {
    const { ask, observer } = shop((app, larder) => {
      const router = express.Router({ mergeParams: true });
      router.get('/orders/:id', larder.cacheResponse(60), (_, res) => void res.send('x'));
      app.use('/users/:user', router);
    });
    await ask('/users/7/orders/7');
    await expect.poll(() => observer.of('request')[0]?.route).toBe('/users/:user/orders/:id');
  });

  it('never has a tag in it that a client could have chosen', async () => {
    const tags = (req: Request) => [String(req.query.tag)];
    const { ask, observer } = route({ ttl: 60, tags }, (_, res) => void res.send('x'));
    await ask(`/?tag=${'s3cr3t'.repeat(100)}`);
    expect(String(observer.of('error')[0]?.error)).toContain('600 characters');
    expect(String(observer.of('error')[0]?.error)).not.toContain('s3cr3t');
  });
});

describe('a route’s vary', () => {
  it('is told downstream, beside what the handler says', async () => {
    const { ask } = route({ ttl: 60, vary: ['X-Currency'] }, (_, res) => void res.vary('Accept').send('x'));
    for (const _ of [1, 2]) expect((await ask('/')).headers.vary?.toLowerCase()).toBe('accept, x-currency');
  });
});
