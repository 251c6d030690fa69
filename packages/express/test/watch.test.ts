import compression from 'compression';
import express, { type Express } from 'express';
import { describe, expect, it } from 'vitest';
import { type Watch, watch } from '../src/watch.ts';
import { shop } from './support/shop.ts';
import { handled, type Loose, readsIn, readsOf, WATCHED } from './support/watching.ts';

describe('a field is read', () => {
  it.each<[string, (req: Loose) => unknown]>([
    ['by its name', (req) => req.headers['x-a']],
    ['by req.get, in any case', (req) => req.get('X-A')],
    ['by req.header', (req) => req.header('x-a')],
    ['by in', (req) => 'x-a' in req.headers],
    ['by Object.hasOwn', (req) => Object.hasOwn(req.headers, 'x-a')],
    ['by its own hasOwnProperty', (req) => Object.hasOwn(req.headers, 'x-a')],
    ['by its descriptor', (req) => Object.getOwnPropertyDescriptor(req.headers, 'x-a')],
    ['by destructuring', ({ headers: { 'x-a': a } }) => a],
    ['from headersDistinct', (req) => req.headersDistinct['x-a']],
    ['on a request that inherits from this one', (req) => (Object.create(req) as Loose).headers['x-a']],
  ])('%s, whether it is there or not', async (_way, read) => {
    const there = await handled(read, { fields: { 'X-A': '1' } });
    const absent = await handled(read);
    expect([there.reads, absent.reads]).toEqual([{ fields: ['x-a'] }, { fields: ['x-a'] }]);
    expect(there.value).toBeTruthy();
    expect(absent.value).toBeFalsy();
  });

  it.each<[string, (req: Loose) => unknown, string[]]>([
    ['accepts', (req) => req.accepts('json'), ['accept']],
    ['acceptsLanguages', (req) => req.acceptsLanguages('fr'), ['accept-language']],
    ['acceptsEncodings', (req) => req.acceptsEncodings('gzip'), ['accept-encoding']],
    ['acceptsCharsets', (req) => req.acceptsCharsets('utf-8'), ['accept-charset']],
    ['range', (req) => req.range(10), ['range']],
    ['xhr', (req) => req.xhr, ['x-requested-with']],
    ['is', (req) => req.is('json'), ['transfer-encoding', 'content-length']],
    ['get("Referer")', (req) => req.get('Referer'), ['referrer', 'referer']],
  ])('by req.%s', async (_name, read, fields) => {
    expect(await readsIn(read)).toEqual({ fields: fields.sort() });
  });

  it('by res.format, which chooses by Accept', async () => {
    const { reads } = await handled((_req, res) => res.format({ json: () => res.json(1) }));
    expect(reads).toEqual({ fields: ['accept'] });
  });

  it('by compression behind the cache', async () => {
    const { reads } = await handled((_req, res) => void res.type('text').send('x'.repeat(2000)), {
      fields: { 'Accept-Encoding': 'gzip' },
      behind: (app) => app.use(compression()),
    });
    expect(reads.fields).toContain('accept-encoding');
  });

  it('after a router and a sub-app were entered', async () => {
    let watched: Watch | undefined;
    const { ask } = shop((app) => {
      const inner = express();
      inner.get('/', (req, res) => void res.send([req.get('x-a'), req.hostname, req.ip]));
      app.use((req, _res, next) => {
        watched = watch(req, { ...WATCHED, keyed: { scheme: 'http', authority: 'shop.example' } });
        next();
      });
      app.use('/sub', express.Router().use('/app', inner));
    });
    const answer = await ask('/sub/app', { 'X-A': '1', Host: 'shop.example' });
    expect(JSON.parse(answer.body.toString()).slice(0, 2)).toEqual(['1', 'shop.example']);
    expect(readsOf(watched!)).toEqual({ fields: ['x-a'], others: ['ip'] });
  });

  it('a stream later', async () => {
    const { reads } = await handled(async (req) => {
      await new Promise((resolve) => setImmediate(resolve));
      return req.get('x-late');
    });
    expect(reads).toEqual({ fields: ['x-late'] });
  });
});

describe('all fields are read at once', () => {
  it.each<[string, (req: Loose) => unknown]>([
    ['spread', (req) => ({ ...req.headers })],
    ['listed', (req) => Object.keys(req.headers)],
    ['as entries', (req) => Object.entries(req.headers)],
    ['assigned to something', (req) => Object.assign({}, req.headers)],
    ['as JSON', (req) => JSON.stringify(req.headers)],
    ['cloned', (req) => new Headers(req.headers as Record<string, string>)],
    ['as rawHeaders', (req) => req.rawHeaders[0]],
    ['as rawHeaders, counted', (req) => req.rawHeaders.length],
    ['as rawHeaders, searched', (req) => 9 in req.rawHeaders],
    ['as rawHeaders, spread', (req) => [...req.rawHeaders]],
    ['as rawHeaders, listed', (req) => Object.keys(req.rawHeaders)],
    ['as rawHeaders, described', (req) => Object.getOwnPropertyDescriptor(req.rawHeaders, 0)],
    ['as headersDistinct, listed', (req) => Object.keys(req.headersDistinct)],
    ['in a spread request', (req) => ({ ...req }).rawHeaders.join()],
    [
      'in a loop',
      (req) => {
        for (const name in req.headers) if (name === 'x') return name;
        return undefined;
      },
    ],
  ])('%s', async (_way, read) => {
    expect(await readsIn(read, { fields: { 'X-A': '1' } })).toEqual({ wholesale: true });
  });

  it('and each is there, as a logger behind the cache finds them', async () => {
    const log: unknown[] = [];
    const { reads } = await handled(() => {}, {
      fields: { 'X-A': '1' },
      behind: (app) =>
        app.use((req, _res, next) => {
          const { method, url, headers } = req;
          log.push(JSON.parse(JSON.stringify({ method, url, headers, from: req.socket.remoteAddress })));
          next();
        }),
    });
    expect(log).toMatchObject([{ method: 'GET', headers: { 'x-a': '1' } }]);
    expect(reads).toEqual({ wholesale: true });
  });
});

describe('nothing is read', () => {
  it.each<[string, (req: Loose) => unknown]>([
    ['by touching req.headers', (req) => [req.headers, req.headersDistinct]],
    [
      'by what every object is asked for',
      ({ headers }) => [`${headers}`, headers.toJSON, headers.constructor],
    ],
    ['by awaiting the headers', async ({ headers }) => void (await headers)],
    ['by names in capitals, which no field has', (req) => req.headers['X-A']],
    ['by symbols', (req) => Reflect.get(req.headers, Symbol.iterator)],
    ['of the method, the URL and the query', (req) => [req.method, req.originalUrl, req.query, req.path]],
    ['by req.hostname', (req) => req.hostname],
    ['by req.host', (req) => req.host],
    ['by req.subdomains', (req) => req.subdomains],
    ['by req.protocol', (req) => req.protocol],
    ['by req.secure', (req) => req.secure],
    ['by req.fresh', (req) => req.fresh],
    ['by req.stale', (req) => req.stale],
    ['by res.json', (req) => req.res!.json({})],
    ['of a user who is not there', (req) => [req.user, req.auth, req.session, req.sessionID]],
    ['of cookies that nobody parsed', (req) => [req.cookies, req.signedCookies]],
  ])('%s', async (_way, read) => {
    const upstream = (app: Express) => void app.set('trust proxy', true);
    expect(await readsIn(read, { fields: { 'X-Forwarded-Host': 'a', 'X-A': '1' }, upstream })).toEqual({});
  });

  it('but a client’s field counts by whatever name', async () => {
    const fields = { valueOf: '1', constructor: '2' };
    const { reads } = await handled(
      ({ headers }) => [headers.valueof, headers.constructor, headers.valueOf],
      { fields },
    );
    expect(reads).toEqual({ fields: ['constructor', 'valueof'] });
  });

  it('and a name in capitals counts where somebody upstream has put it', async () => {
    const upstream = (app: Express) =>
      void app.use((req, _res, next) => {
        req.headers['X-Tenant'] = 'acme';
        next();
      });
    expect(await readsIn((req) => req.headers['X-Tenant'], { upstream })).toEqual({ fields: ['x-tenant'] });
  });

  it('while Express’s getters tell what they told before', async () => {
    const ask = (req: Loose) => [req.hostname, req.protocol, req.secure, req.subdomains, req.ip, req.ips];
    const { value, req } = await handled(ask, {
      fields: {
        'X-Forwarded-Host': 'a.b.example.com',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-For': '9.9.9.9',
      },
      upstream: (app) => void app.set('trust proxy', true),
    });
    expect(value).toEqual(['a.b.example.com', 'https', true, ['b', 'a'], '9.9.9.9', ['9.9.9.9']]);
    expect(ask(req)).toEqual(value);
  });
});

it('Express’s getters stay without a setter', async () => {
  const assign = (req: Loose) => {
    try {
      Object.assign(req, { hostname: 'x' });
      return 'assigned';
    } catch (error) {
      return (error as Error).name;
    }
  };
  expect((await handled(assign, { fields: { Host: 'a' } })).value).toBe('TypeError');
});

describe('the address', () => {
  it.each<[string, (req: Loose) => unknown]>([
    ['ip', (req) => req.ip],
    ['ips', (req) => req.ips],
  ])('is read by req.%s, and not the field behind it', async (_name, read) => {
    const upstream = (app: Express) => void app.set('trust proxy', true);
    const fields = { 'X-Forwarded-For': '9.9.9.9' };
    expect(await readsIn(read, { fields, upstream })).toEqual({ others: ['ip'] });
    expect(await readsIn((req) => req.get('x-forwarded-for'), { fields })).toEqual({
      fields: ['x-forwarded-for'],
    });
  });

  it('is read where somebody upstream has fixed it for good', async () => {
    const { value, reads } = await handled((req) => req.ip, {
      upstream: (app) =>
        void app.use((req, _res, next) => {
          Object.defineProperty(req, 'ip', { value: '8.8.8.8' });
          next();
        }),
    });
    expect([value, reads]).toEqual(['8.8.8.8', { others: ['ip'] }]);
  });
});
