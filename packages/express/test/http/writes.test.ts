import type { Express, Request } from 'express';
import { describe, expect, it } from 'vitest';
import type { Larder, Policy } from '../../src/index.ts';
import { shop, text, x } from '../support/shop.ts';

/** Pages that count their runs, and a write route that answers what the test says. */
function pages(fields: Record<string, string>, status = 200) {
  let runs = 0;
  return shop((app, larder) => {
    app.use(larder.cacheResponse());
    app.get('/p/:id', (req, res) => {
      runs += 1;
      if (req.query.group !== undefined) res.set('Cache-Groups', String(req.query.group));
      res.set('Cache-Control', 'max-age=60').send(String(runs));
    });
    app.all('/write', (_, res) => void res.status(status).set(fields).end());
    app.put('/raw', (_, res) => void res.writeHead(201, { Location: '/p/1' }).end());
    app.put('/p/:id', (_, res) => void res.sendStatus(204));
  });
}

describe('a write makes out of date (RFC 9111 §4.4)', () => {
  it.each([
    ['its target', '/p/1', {}],
    ['what Location names', '/write', { Location: '/p/1' }],
    ['what Content-Location names', '/write', { 'Content-Location': '/p/1' }],
    ['what a relative reference names', '/write', { Location: 'p/1' }],
    [
      'what is named by its whole URI, of the same origin',
      '/write',
      { Location: 'http://shop.example/p/1#part' },
    ],
    ['what the head of a raw response names', '/raw', {}],
  ])('%s', async (_, target, fields) => {
    const { ask } = pages(fields);
    const host = { Host: 'shop.example' };
    await ask('/p/1', host);
    expect(x(await ask('/p/1', host))).toBe('HIT');
    await ask(target, host, 'PUT');
    expect(x(await ask('/p/1', host))).toBe('MISS');
  });

  it.each([
    ['another origin', { Location: 'http://evil.example/p/1' }, 201],
    ['another port', { Location: 'http://shop.example:8080/p/1' }, 201],
    ['nothing that can be read', { Location: 'http://[' }, 201],
    ['anything, when it is refused', { Location: '/p/1' }, 403],
  ])('but not %s', async (_, fields, status) => {
    const { ask } = pages(fields, status);
    const host = { Host: 'shop.example' };
    await ask('/p/1', host);
    await ask('/write', host, 'PUT');
    expect(x(await ask('/p/1', host))).toBe('HIT');
  });

  it('with a method that nobody knows as well, and not with a safe one', async () => {
    const { ask } = pages({ Location: '/p/1' });
    await ask('/p/1');
    await ask('/write', {}, 'OPTIONS');
    expect(x(await ask('/p/1'))).toBe('HIT');
    await ask('/write', {}, 'LOCK');
    expect(x(await ask('/p/1'))).toBe('MISS');
  });
});

describe('groups (RFC 9875)', () => {
  const group = (value: string) => `/p/1?group=${encodeURIComponent(value)}`;

  it('of stored responses fall together, of the origin that wrote and no other', async () => {
    const { ask } = pages({ 'Cache-Group-Invalidation': '"news", "other"' });
    const [a, b] = [{ Host: 'a.example' }, { Host: 'b.example' }];
    for (const host of [a, b]) await ask(group('"news";x=1, "front"'), host);
    await ask(group('"sports"'), a);
    await ask('/write', a, 'POST');
    expect(x(await ask(group('"news";x=1, "front"'), a))).toBe('MISS');
    expect(x(await ask(group('"news";x=1, "front"'), b))).toBe('HIT');
    expect(x(await ask(group('"sports"'), a))).toBe('HIT');
  });

  it('are tags too', async () => {
    const { ask, larder } = pages({});
    await ask(group('"news"'));
    await larder.cache.invalidate('news');
    expect(x(await ask(group('"news"')))).toBe('MISS');
  });

  it.each(['news', '"news', '1', '("news")', ''])('%s are none', async (value) => {
    const { ask } = pages({ 'Cache-Group-Invalidation': value });
    await ask(group('"news"'));
    await ask('/write', {}, 'POST');
    expect(x(await ask(group('"news"')))).toBe('HIT');
  });

  it('are not for safe methods to invalidate (§3)', async () => {
    const { ask } = pages({ 'Cache-Group-Invalidation': '"news"' });
    await ask(group('"news"'));
    await ask('/write');
    expect(x(await ask(group('"news"')))).toBe('HIT');
  });
});

describe('a POST whose answer is what a GET would get (RFC 9110 §9.3.3)', () => {
  const board = (
    fields: Record<string, string> = {},
    policy?: Policy<Request>,
    besides: (app: Express, larder: Larder) => void = () => {},
  ) => {
    const state = { price: 1 };
    const made = shop((app, larder) => {
      app.use('/board', larder.cacheResponse(policy));
      besides(app, larder);
      app.post('/board', (_, res) => {
        state.price += 1;
        const said = { 'Cache-Control': 'max-age=60', 'Content-Location': '/board', ...fields };
        res.set(said).send(`post ${state.price}`);
      });
      app.get('/board', (_, res) => {
        res.set('Cache-Control', 'max-age=60').send(`get ${state.price}`);
      });
      app.put('/board', (_, res) => {
        state.price += 10;
        res.sendStatus(204);
      });
    });
    return { ...made, state };
  };

  it('is stored for later GETs, in place of what was', async () => {
    const { ask, observer } = board();
    await ask('/board');
    const posted = await ask('/board', { 'Content-Type': 'text/plain' }, 'POST');
    expect(text(posted)).toBe('post 2');
    await expect.poll(() => observer.of('request').length).toBe(2);
    expect(observer.of('request')[1]?.status).toMatchObject({ fwd: 'method', stored: true });
    const got = await ask('/board');
    expect([x(got), text(got)]).toEqual(['HIT', 'post 2']);
  });

  it.each([
    ['says nothing of its freshness', { 'Cache-Control': 'public' }],
    ['is about something else', { 'Content-Location': '/other' }],
    ['is about another origin', { 'Content-Location': 'http://evil.example/board' }],
    ['may not be stored', { 'Cache-Control': 'max-age=60, private' }],
  ])('not if it %s', async (_, fields) => {
    const { ask } = board(fields);
    await ask('/board');
    await ask('/board', {}, 'POST');
    expect(text(await ask('/board'))).toBe('get 2');
  });

  it('not where the route gives the lifetime', async () => {
    const { ask } = board({}, { ttl: 60 });
    expect((await ask('/board', {}, 'POST')).headers['cache-status']).toBe(
      'Larder; fwd=method; detail=method',
    );
    expect(text(await ask('/board'))).toBe('get 2');
  });

  it('nor if somebody else wrote while it was made', async () => {
    let server: { ask: ReturnType<typeof shop>['ask'] } | undefined;
    const { ask, observer } = board({}, undefined, (app) => {
      app.post('/board', async (_, __, next) => {
        await server!.ask('/board', {}, 'PUT');
        next();
      });
    });
    server = { ask };
    await ask('/board', {}, 'POST');
    await expect.poll(() => observer.of('request').length).toBe(2);
    expect(text(await ask('/board'))).toBe('get 12');
  });

  it('nor if two are made at a time: neither knows what the other leaves behind', async () => {
    let other: Promise<unknown> | undefined;
    let server: { ask: ReturnType<typeof shop>['ask'] } | undefined;
    const { ask, observer } = board({}, undefined, (app) => {
      app.post('/board', async (req, _, next) => {
        if (req.query.first !== undefined && other === undefined) {
          other = server!.ask('/board?first', {}, 'POST');
          await other;
        }
        next();
      });
    });
    server = { ask };
    await ask('/board?first', {}, 'POST');
    await expect.poll(() => observer.of('request').length).toBe(2);
    expect(x(await ask('/board?first'))).toBe('MISS');
  });

  it('leaves the conditions of the write to its handler', async () => {
    const { ask } = board({ ETag: '"a"' });
    const posted = await ask('/board', { 'If-None-Match': '*' }, 'POST');
    expect([posted.status, text(posted)]).toEqual([200, 'post 2']);
  });
});
