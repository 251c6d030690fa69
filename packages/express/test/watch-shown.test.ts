import type { Express, Request, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { watch } from '../src/watch.ts';
import { handled, type Loose, plain, put, readsOf, WATCHED } from './support/watching.ts';

describe('preconditions', () => {
  const fields = { 'If-None-Match': '"a"', 'If-Modified-Since': 'Thu, 01 Jan 2026 00:00:00 GMT', 'X-A': '1' };
  const everywhere = (req: Loose) => [
    req.headers['if-none-match'],
    req.get('If-Modified-Since'),
    'if-none-match' in req.headers,
    Object.keys(req.headers).filter((name) => name.startsWith('if-')),
    req.headersDistinct['if-none-match'],
    req.rawHeaders.filter((name) => /^if-/i.test(name)),
  ];

  it('of the client are hidden wherever a handler may look', async () => {
    const { value } = await handled(everywhere, { fields });
    expect(value).toEqual([undefined, undefined, false, [], undefined, []]);
  });

  it('are the cache’s own where it has some', async () => {
    const { value } = await handled(everywhere, {
      fields,
      rules: { conditions: { 'if-none-match': '"b"' } },
    });
    expect(value).toEqual(['"b"', undefined, true, ['if-none-match'], ['"b"'], ['if-none-match']]);
  });

  it('are the client’s where the cache leaves them to the handler', async () => {
    const { value } = await handled((req) => [req.headers['if-none-match'], req.rawHeaders.includes('"a"')], {
      fields,
      rules: { conditions: undefined },
    });
    expect(value).toEqual(['"a"', true]);
  });

  it('decide req.fresh as they are shown', async () => {
    const fresh = (_: Loose, res: Response) => res.set('ETag', '"b"').req.fresh;
    const ours = await handled(fresh, { fields, rules: { conditions: { 'if-none-match': '"b"' } } });
    const clients = await handled(fresh, { fields: { 'If-None-Match': '"b"' } });
    expect([ours.value, clients.value, ours.reads]).toEqual([true, false, {}]);
  });

  it('are known to whoever watches, and back after the watch', async () => {
    const { watch: watched, req } = await handled((given) => given.headers['x-a'], { fields });
    expect(watched.asked.get('if-none-match')).toBe('"a"');
    watched.restore();
    expect([req.headers['if-none-match'], req.rawHeaders.includes('"a"')]).toEqual(['"a"', true]);
    expect(req.headersDistinct['if-none-match']).toEqual(['"a"']);
  });
});

describe('what a handler writes', () => {
  it.each<[string, (req: Loose) => unknown, unknown]>([
    ['set', (req) => (req.headers['x-a'] = 'mine'), 'mine'],
    ['deleted', (req) => delete req.headers['x-a'], undefined],
    ['defined', (req) => Object.defineProperty(req.headers, 'x-a', plain('mine')), 'mine'],
  ])('is its own when it is %s: read, it is no read, and it stays', async (_way, write, expected) => {
    let sent: object | undefined;
    let held: Request['headers'] | undefined;
    const {
      value,
      reads,
      req,
      watch: watched,
    } = await handled(
      (given) => {
        held = given.headers;
        write(given);
        return [given.headers['x-a'], given.get('x-a')];
      },
      {
        fields: { 'X-A': 'theirs', 'If-None-Match': '"a"' },
        upstream: (app) =>
          app.use((given, _res, next) => {
            sent = given.headers;
            next();
          }),
      },
    );
    expect([value, reads]).toEqual([[expected, expected], {}]);
    watched.restore();
    for (const headers of [req.headers, held!]) {
      expect([headers['x-a'], headers['if-none-match']]).toEqual([expected, '"a"']);
    }
    expect([watched.asked.get('x-a'), sent]).toEqual([
      'theirs',
      expect.objectContaining({ 'x-a': 'theirs' }),
    ]);
  });

  it('is the headers themselves, where it puts others in their place', async () => {
    const {
      value,
      reads,
      req,
      watch: watched,
    } = await handled(
      (given) => {
        given.headers = { 'x-a': 'mine' };
        return { ...given.headers };
      },
      { fields: { 'X-A': 'theirs' } },
    );
    expect([value, reads]).toEqual([{ 'x-a': 'mine' }, {}]);
    watched.restore();
    expect(req.headers).toEqual({ 'x-a': 'mine' });
  });

  it('goes no further than an object that inherits from the headers or the request', async () => {
    const { value } = await handled(
      (req) => {
        const [headers, below] = [Object.create(req.headers), Object.create(req)];
        headers['x-a'] = below.user = 'mine';
        return [headers['x-a'], below.user, req.headers['x-a'], req.user];
      },
      { fields: { 'X-A': 'theirs' } },
    );
    expect(value).toEqual(['mine', 'mine', 'theirs', undefined]);
  });

  it('may be nothing, where somebody upstream froze them', async () => {
    const { value, watch: watched } = await handled((req) => req.headers, {
      fields: { 'If-None-Match': '"a"' },
      upstream: (app) => void app.use((req, _res, next) => next(void Object.freeze(req.headers))),
    });
    expect(Object.hasOwn(value, 'if-none-match')).toBe(false);
    watched.restore();
    expect(Object.hasOwn(value, 'if-none-match')).toBe(true);
  });

  it('may be to freeze them', async () => {
    const { req, watch: watched } = await handled((given) => Object.freeze(given.headers), {
      fields: { 'X-A': '1', 'If-None-Match': '"a"' },
    });
    const held = req.headers;
    watched.restore();
    expect({ ...held }).toMatchObject({ 'x-a': '1' });
    expect(req.headers['x-a']).toBe('1');
  });
});

describe('outside', () => {
  const fields = { Cookie: 'sid=s', 'If-None-Match': '"a"', 'X-A': '1' };
  const upstream = (app: Express) => void app.use(put({ cookies: { sid: 's' }, user: 'alice' }));

  it('the request is as the client sent it, and nothing is recorded', async () => {
    const look = (req: Loose) => [
      req.headers.cookie,
      req.get('if-none-match'),
      req.get('x-a'),
      req.rawHeaders.includes('sid=s'),
      req.headersDistinct['if-none-match'],
      (req.cookies as Record<string, string>).sid,
      req.user,
      typeof req.ip,
      Object.keys(req.headers).length > 2,
    ];
    const { value, reads } = await handled((req, _res, watched) => watched.outside(() => look(req)), {
      fields,
      upstream,
      rules: { cookiesShown: [], conditions: { 'if-none-match': '"b"' } },
    });
    expect(value).toEqual(['sid=s', '"a"', '1', true, ['"a"'], 's', 'alice', 'string', true]);
    expect(reads).toEqual({});
  });

  it('nests, ends with an error as well, and hides again what it showed', async () => {
    const seen = await handled(
      (req, _res, watched) => {
        const inner = watched.outside(() => [
          watched.outside(() => req.get('x-a')),
          req.get('if-none-match'),
        ]);
        const thrown = () =>
          watched.outside(() => {
            throw new Error('upstream');
          });
        expect(thrown).toThrow('upstream');
        return [...inner, req.get('if-none-match')];
      },
      { fields },
    );
    expect([seen.value, seen.reads]).toEqual([['1', '"a"', undefined], { fields: ['if-none-match'] }]);
  });

  it('headers that the handler was given are seen so too', async () => {
    const { value, reads } = await handled(
      ({ headers }, _res, watched) => [
        watched.outside(() => [headers['if-none-match'], Object.keys(headers).includes('if-none-match')]),
        watched.outside(() => ({ ...headers })['if-none-match']),
      ],
      { fields },
    );
    expect([value, reads]).toEqual([[['"a"', true], '"a"'], {}]);
  });

  it('what is written on them is the client’s request', async () => {
    const {
      value,
      req,
      watch: watched,
    } = await handled(
      ({ headers }, _res, given) => {
        given.outside(() => Object.assign(headers, { 'x-a': 'upstream' }));
        return headers['x-a'];
      },
      { fields },
    );
    watched.restore();
    expect([value, req.headers['x-a'], req.headers['if-none-match']]).toEqual(['1', 'upstream', '"a"']);
  });

  it('knows a user who was found out during the fill', async () => {
    const { value, reads } = await handled((req, _res, watched) => {
      req.user = 'bob';
      return watched.outside(() => req.user);
    });
    expect([value, reads]).toEqual(['bob', {}]);
  });
});

describe('after the watch', () => {
  const upstream = (app: Express) =>
    void app.use(put({ cookies: { a: '1' }, signedCookies: {}, user: 'alice', session: {} }));
  const fields = { Cookie: 'a=1', 'If-None-Match': '"a"', 'X-A': '1' };
  const state = (req: object) =>
    Reflect.ownKeys(req)
      .filter((key) => typeof key !== 'symbol' && !key.startsWith('_'))
      .map((key) => [key, Object.getOwnPropertyDescriptor(req, key)] as const)
      .filter(([, descriptor]) => descriptor!.get !== undefined || typeof descriptor!.value !== 'object');

  it('the request is what it was, property for property', async () => {
    let before: unknown;
    let headers: unknown;
    const { req, watch: watched } = await handled(() => {}, {
      fields,
      upstream: (app) => {
        upstream(app);
        app.use((given, _res, next) => {
          before = state(given);
          headers = given.headers;
          next();
        });
      },
    });
    watched.restore();
    watched.restore();
    const now = state(req).map(([key]) => key);
    expect(now.sort()).toEqual((before as [string][]).map(([key]) => key).sort());
    expect(req.headers).toBe(headers);
    expect(Reflect.ownKeys(req).filter((key) => String(key).includes('larder'))).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(req, 'rawHeaders')).toMatchObject({
      writable: true,
      enumerable: true,
    });
    expect(Object.getOwnPropertyDescriptor(req, 'user')).toEqual(plain('alice'));
    expect(Object.hasOwn(req, 'headers')).toBe(false);
  });

  it('nothing is recorded, from references that were kept either, which then show everything', async () => {
    const { value, req, watch: watched } = await handled((given) => given.headers, { fields, upstream });
    watched.restore();
    expect([value['if-none-match'], { ...value }['x-a'], 'cookie' in value]).toEqual(['"a"', '1', true]);
    void [req.user, req.headers['x-b'], req.rawHeaders, req.ip, (req.cookies as { a: string }).a];
    expect(readsOf(watched)).toEqual({});
  });

  it('another may begin, and ends one that had not, which may have missed anything from then on', async () => {
    const { value, watch: outer } = await handled(
      (req, _res, first) => {
        const inner = watch(req, { ...WATCHED, cookiesShown: [] });
        first.restore();
        void req.headers['x-a'];
        void req.headers.cookie;
        const shown = req.headers.cookie;
        inner.restore();
        return { shown, after: req.headers.cookie, inner };
      },
      { fields },
    );
    expect([value.shown, value.after]).toEqual([undefined, 'a=1']);
    expect([readsOf(outer), readsOf(value.inner)]).toEqual([
      { wholesale: true },
      { fields: ['cookie', 'x-a'] },
    ]);
  });
});
