import express from 'express';
import { describe, expect, it } from 'vitest';
import { bodyOf, get, KEPT, MODES, raw, statusOf, xOf } from '../support/raw.ts';
import { route, shop, text, x } from '../support/shop.ts';

const lines = (...all: string[]) => [...all, 'Connection: close', '', ''].join('\n');

describe.each(MODES)('a page kept $mode', ({ policy }) => {
  const page = () => route(policy, (_, res) => void res.set(KEPT).set('ETag', '"v1"').send('page'));

  /** What somebody gets who asks as anybody does. */
  async function victim(made: ReturnType<typeof page>) {
    const answer = await raw(made, get('/'));
    return { status: statusOf(answer), x: xOf(answer), body: bodyOf(answer) };
  }
  const untouched = { status: 200, x: 'MISS', body: 'page' };

  it.each([
    ['two hosts', lines('GET / HTTP/1.1', 'Host: shop.example', 'hOST: evil.example')],
    ['one host twice', lines('GET / HTTP/1.1', 'Host: shop.example', 'Host: shop.example')],
    ['no host at all (HTTP/1.0)', lines('GET / HTTP/1.0')],
    ['an empty host', lines('GET / HTTP/1.1', 'Host:')],
    ['an absolute target', lines('GET http://shop.example/ HTTP/1.1', 'Host: evil.example')],
    ['an absolute target of its own', get('http://shop.example/')],
    ['a body', `${get('/', 'Content-Length: 6')}a=evil`],
    ['a chunked body', `${get('/', 'Transfer-Encoding: chunked')}6\na=evil\n0\n\n`],
    ['an empty chunked body', `${get('/', 'TRANSFER-ENCODING:\tchunked')}0\n\n`],
    ['a transfer coding nobody knows', get('/', 'Transfer-Encoding: x')],
    ['another protocol in mind', get('/', 'Upgrade: h2c')],
    ['If-Match', get('/', 'If-Match: "v1"')],
    ['If-Unmodified-Since', get('/', 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT')],
  ])('is neither made nor had by a request with %s', async (_what, request) => {
    const made = page();
    for (let i = 0; i < 2; i += 1) expect(['BYPASS', undefined]).toContain(xOf(await raw(made, request)));
    expect(await victim(made)).toEqual(untouched);
    expect(xOf(await raw(made, request))).not.toBe('HIT');
  });

  it.each([
    ['Content-Length beside Transfer-Encoding', get('/', 'Content-Length: 3', 'Transfer-Encoding: chunked')],
    ['two lengths', get('/', 'Content-Length: 0', 'Content-Length: 5')],
    ['a length that is none', get('/', 'Content-Length: +1')],
    ['an empty length', get('/', 'Content-Length:')],
    ['a folded line', get('/', 'X-A: a\n Authorization: b')],
    ['a first line that is folded', lines('GET / HTTP/1.1', ' X-A: a', 'Host: shop.example')],
    ['white space before the colon', get('/', 'Authorization : Bearer a')],
    ['a bare CR', get('/', 'X-A: b\rSet-Cookie: c')],
    ['NUL in the target', get('/\0')],
    ['NUL in a field', get('/', 'X-A: a\0b')],
    ['a space in the target', get('/ x')],
    ['bytes that are no ASCII in the target', get('/\xff')],
    ['a method in small letters', get('/').replace('GET', 'get')],
  ])('is not reached with %s', async (_what, request) => {
    const made = page();
    const answer = await raw(made, request);
    expect([statusOf(answer), xOf(answer)]).toEqual([400, undefined]);
    expect(await victim(made)).toEqual(untouched);
  });

  it.each([
    ['If-None-Match: "v1"'],
    ['if-none-match: W/"v1"'],
    ['If-None-Match: *'],
    ['If-None-Match: "a", "v1"'],
    ['If-None-Match: "v1"\nIf-None-Match: "v2"'],
    ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'],
    ['Range: bytes=0-0'],
    ['Range: bytes=9-3'],
    ['Range: potatoes=1'],
    ['Range: bytes=0-0\nIf-Range: "v1"'],
    ['Expect: nonsense'],
    ['Accept-Encoding: x, identity;q=0'],
  ])('is whole for others after the first to ask sent %j', async (line) => {
    const made = route(policy, (req, res) => {
      const full = { ...KEPT, ETag: '"v1"', 'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT' };
      res.set(full);
      if (req.fresh) return void res.status(304).end();
      if (req.get('range') !== undefined)
        return void res.status(206).set('Content-Range', 'bytes 0-0/4').send('p');
      res.send('page');
    });
    await raw(made, get('/', line));
    const answer = await raw(made, get('/'));
    expect([statusOf(answer), bodyOf(answer)]).toEqual([200, 'page']);
  });

  it('answers every client’s preconditions for that client alone', async () => {
    const made = page();
    const asked = [
      'If-None-Match: "v1"',
      'If-None-Match: "v2"',
      'If-None-Match: "v2"\nIf-None-Match: "v1"',
      'IF-NONE-MATCH:',
    ];
    const statuses: number[] = [];
    for (const line of [...asked, ...asked]) statuses.push(statusOf(await raw(made, get('/', line))));
    expect(statuses).toEqual([304, 200, 304, 200, 304, 200, 304, 200]);
    expect([(await victim(made)).body, made.runs.count]).toEqual(['page', 1]);
  });

  it('is not emptied by HEAD, cold or stale', async () => {
    const { ask, clock } = route(policy, (req, res) => {
      res.set(KEPT);
      return req.method === 'HEAD' ? void res.end() : void res.send('page');
    });
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 2; i += 1) expect(text(await ask('/', {}, 'HEAD'))).toBe('');
      const answer = await ask('/');
      expect([answer.status, x(answer), text(answer)]).toEqual([200, 'MISS', 'page']);
      clock.advance(61_000);
    }
  });

  it('keeps answers apart on one connection', async () => {
    const made = page();
    await raw(made, get('/'));
    const first =
      'HEAD / HTTP/1.1\nHost: shop.example\n\nGET / HTTP/1.1\nHost: shop.example\nIf-None-Match: "v1"\n\n';
    const answers = (await raw(made, first + get('/'))).split(/(?=HTTP\/1\.1 )/);
    expect(answers.map((answer) => [statusOf(answer), bodyOf(answer)])).toEqual([
      [200, ''],
      [304, ''],
      [200, 'page'],
    ]);
  });

  it('is not the answer to a GET that came as something else', async () => {
    const { ask } = shop((app, larder) => {
      app.use(larder.cacheResponse(policy));
      app.use((req, _res, next) => {
        req.method = String(req.query.method ?? req.method);
        next();
      });
      app.use((req, res) => void res.set(KEPT).send(req.method));
    });
    expect(text(await ask('/?method=DELETE'))).toBe('DELETE');
    expect(x(await ask('/?method=DELETE'))).toBe('MISS');
  });

  it('is had by clients whatever they say of freshness', async () => {
    const made = route(policy, (_, res) => void res.set(KEPT).send('page'));
    const { ask, runs } = made;
    await ask('/', { Host: 'shop.example' });
    const wishes = [
      'no-cache',
      'max-age=0',
      'no-store',
      'min-fresh=999',
      'no-cache, no-store, must-revalidate',
      'max-age=0, only-if-cached',
    ];
    for (const wish of wishes) expect(xOf(await raw(made, get('/', `Cache-Control: ${wish}`)))).toBe('HIT');
    const others = ['Pragma: no-cache', 'Expires: 0', 'Surrogate-Control: no-store', 'X-Apicache-Bypass: 1'];
    for (const line of [...others, 'X-Cache-Bypass: 1', 'Cache-Control:', 'Cache-Control: "'])
      expect(xOf(await raw(made, get('/', line)))).toBe('HIT');
    expect(runs.count).toBe(1);
  });
});

describe('a fat GET', () => {
  it('shapes nobody else’s page', async () => {
    const made = shop((app, larder) => {
      app.use(express.urlencoded({ extended: false }), larder.cacheResponse(60));
      app.get('/', (req, res) => void res.send(req.body?.a ?? req.query.a));
    });
    const fat = get('/?a=1', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 6');
    expect(bodyOf(await raw(made, `${fat}a=evil`))).toBe('evil');
    expect(bodyOf(await raw(made, get('/?a=1')))).toBe('1');
  });
});

describe('nobody empties the cache who may not write', () => {
  it.each(['PURGE', 'DELETE', 'BAN', 'POST', 'PUT', 'MKCOL', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH'])(
    'with %s of what has no such route, or refuses it',
    async (method) => {
      const made = shop((app, larder) => {
        app.use(larder.cacheResponse(60));
        app.get('/open', (_, res) => void res.send('x'));
        app.get('/closed', (_, res) => void res.send('x'));
        app.all('/closed', (_, res) => void res.sendStatus(403));
      });
      for (const target of ['/open', '/closed']) {
        await raw(made, get(target));
        await raw(made, get(target).replace('GET', method));
        expect(xOf(await raw(made, get(target)))).toBe('HIT');
      }
    },
  );

  it.each(['/__cache', '/cache', '/cache/clear', '/purge', '/_larder', '/larder', '/.well-known/larder'])(
    'at %s',
    async (path) => {
      const { ask } = shop((app, larder) => {
        app.use(larder.cacheResponse(60));
        app.get('/', (_, res) => void res.send('x'));
      });
      await ask('/');
      for (const method of ['GET', 'POST', 'DELETE', 'PURGE']) {
        expect((await ask(path, {}, method)).status).toBe(404);
        expect(x(await ask('/'))).toBe('HIT');
      }
    },
  );
});
