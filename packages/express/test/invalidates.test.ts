import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { memoryStore, unsharedLock } from '@larder/core';
import { failingStore } from '@larder/core/testing';
import compression from 'compression';
import type express from 'express';
import { describe, expect, it } from 'vitest';
import type { LarderError } from '../src/index.ts';
import { createLarder, invalidates } from '../src/index.ts';
import { shop, text, x } from './support/shop.ts';

/** `/thing` is cached under the tag `thing`; what a PUT answers is up to the test. */
function things(write: express.RequestHandler, options = {}) {
  let version = 1;
  return shop((app, larder) => {
    app.get(
      '/thing',
      larder.cacheResponse({ ttl: 60, tags: ['thing'] }),
      (_, res) => void res.send(`v${version}`),
    );
    app.put(
      '/other-url',
      larder.invalidates((req, res) => ['thing', String(res.locals.also ?? req.method)]),
      (req, res, next) => {
        version += 1;
        return write(req, res, next);
      },
    );
  }, options);
}

describe('a write', () => {
  it.each([
    ['json', ((_, res) => void res.json({})) satisfies express.RequestHandler],
    ['an empty 204', ((_, res) => void res.status(204).end()) satisfies express.RequestHandler],
    ['a redirect', ((_, res) => res.redirect(303, '/thing')) satisfies express.RequestHandler],
    [
      'a stream',
      ((_, res) => {
        res.write('a');
        res.write('b');
        res.end('c');
      }) satisfies express.RequestHandler,
    ],
    [
      'writeHead',
      ((_, res) => void res.writeHead(201, { 'X-A': '1' }).end('made')) satisfies express.RequestHandler,
    ],
    ['a 500', ((_, res) => void res.sendStatus(500)) satisfies express.RequestHandler],
    [
      'a thrown error',
      (() => {
        throw Object.assign(new Error('after the commit'), { status: 500 });
      }) satisfies express.RequestHandler,
    ],
  ])('that answers with %s is read by who wrote it', async (_, write) => {
    const { ask } = things(write);
    await ask('/thing');
    expect(text(await ask('/thing'))).toBe('v1');
    const written = await ask('/other-url', {}, 'PUT');
    if (written.headers['x-a'] !== undefined) expect([written.status, text(written)]).toEqual([201, 'made']);
    expect([x(await ask('/thing')), text(await ask('/thing'))]).toEqual(['MISS', 'v2']);
  });

  it.each([400, 404, 409, 422])('that is refused with %i touches nothing', async (status) => {
    const { ask } = things((_, res) => void res.sendStatus(status));
    await ask('/thing');
    await ask('/other-url', {}, 'PUT');
    expect(x(await ask('/thing'))).toBe('HIT');
  });

  it('whose connection breaks has perhaps been done', async () => {
    const { ask, observer } = things((_, res) => void res.destroy());
    await ask('/thing');
    const invalidated = observer.next('invalidate');
    await ask('/other-url', {}, 'PUT').catch(() => {});
    await invalidated;
    expect(x(await ask('/thing'))).toBe('MISS');
  });

  it('is answered only once the invalidation is done', async () => {
    const releases: (() => void)[] = [];
    const far = failingStore(memoryStore({}, { namespace: 'far' }));
    const slow = {
      ...far,
      invalidate: () => new Promise<'done'>((done) => releases.push(() => done('done'))),
    };
    const redis = { name: 'far', open: () => ({ store: slow, lock: unsharedLock }) };
    const { ask, observer } = things((_, res) => void res.json({}), { redis });
    let answered = false;
    const writing = ask('/other-url', {}, 'PUT').then(() => {
      answered = true;
    });
    await expect.poll(() => releases.length).toBe(1);
    expect([answered, observer.of('invalidate')]).toEqual([false, []]);
    releases[0]!();
    await writing;
  });

  it('succeeds without the shared store, and this process forgets at once', async () => {
    const far = failingStore(memoryStore({}, { namespace: 'far' }));
    const { ask, observer } = things((_, res) => void res.json({}), {
      redis: { name: 'far', open: () => ({ store: far, lock: unsharedLock }) },
    });
    await ask('/thing');
    expect(x(await ask('/thing'))).toBe('HIT');
    far.failing = true;
    expect((await ask('/other-url', {}, 'PUT')).status).toBe(200);
    expect(observer.of('invalidate')).toMatchObject([{ delivery: 'pending' }]);
    expect(text(await ask('/thing'))).toBe('v2');
    far.failing = false;
    expect(text(await ask('/thing'))).toBe('v2');
  });

  it('passes through whatever wraps it, before and after', async () => {
    const page = 'larder '.repeat(1000);
    for (const order of ['before', 'after'] as const) {
      const { ask } = shop((app, larder) => {
        const wrappers = [compression(), larder.invalidates(['t'])];
        app.put(
          '/',
          ...(order === 'before' ? wrappers : wrappers.reverse()),
          (_, res) => void res.send(page),
        );
      });
      const answer = await ask('/', { 'Accept-Encoding': 'gzip' }, 'PUT');
      expect(gunzipSync(answer.body).toString(), `compression ${order}`).toBe(page);
    }
  });

  it.each([
    ['then fails', (_: express.Response, next: express.NextFunction) => next(new Error('after the answer'))],
    ['then answers again', (res: express.Response) => void res.status(500).json({ again: true })],
  ])('that has answered whole and %s is answered with what it said first', async (_, then) => {
    const { ask } = things((_req, res, next) => {
      res.status(201).json({ id: 1 });
      then(res, next);
    });
    const answer = await ask('/other-url', {}, 'PUT');
    expect([answer.status, text(answer), answer.headers['content-length']]).toEqual([201, '{"id":1}', '8']);
  });

  it('that goes on writing while it streams its answer is read by who wrote it', async () => {
    let version = 1;
    const { ask } = shop((app, larder) => {
      app.get(
        '/thing',
        larder.cacheResponse({ ttl: 60, tags: ['t'] }),
        (_, res) => void res.send(`v${version}`),
      );
      app.put('/other-url', larder.invalidates(['t']), async (_, res) => {
        res.write('working …');
        await ask('/thing');
        version += 1;
        res.end('done');
      });
    });
    expect(text(await ask('/other-url', {}, 'PUT'))).toBe('working …done');
    expect(text(await ask('/thing'))).toBe('v2');
  });

  it('invalidates in every cache that it passes', async () => {
    const other = createLarder();
    const { ask } = shop((app, larder) => {
      app.use('/thing', larder.cacheResponse(60));
      app.get('/thing', (_, res) => void res.send('x'));
      app.get('/other', other.cacheResponse({ ttl: 60, tags: ['t'] }), (_, res) => void res.send('y'));
      app.put('/thing', other.invalidates(['t']), (_, res) => void res.json({}));
    });
    for (const path of ['/thing', '/other']) await ask(path);
    await ask('/thing', {}, 'PUT');
    expect([x(await ask('/thing')), x(await ask('/other'))]).toEqual(['MISS', 'MISS']);
  });

  it.each([
    ['bytes that are none', (res: express.Response) => void res.end({ a: 1 } as never)],
    ['a status that is none', (res: express.Response) => void res.writeHead(99)],
    ['a field that cannot be sent', (res: express.Response) => void res.writeHead(200, { 'X-A': 'a—b' })],
  ])('that answers with %s gets the error where it made it', async (_, answer) => {
    const { ask } = things((_req, res) => answer(res));
    expect((await ask('/other-url', {}, 'PUT')).status).toBe(500);
  });

  it('that fails in the middle of its answer is cut off', async () => {
    const { ask } = things((_req, res) => {
      res.write('half');
      throw new Error('in the middle');
    });
    await expect(ask('/other-url', {}, 'PUT')).rejects.toThrow();
  });

  it('may stream more than fits, under back-pressure', async () => {
    const chunk = Buffer.alloc(64 * 1024, 1);
    const { ask } = things((_, res) => void Readable.from(Array(50).fill(chunk)).pipe(res));
    expect((await ask('/other-url', {}, 'PUT')).body.length).toBe(50 * chunk.length);
  });

  it('whose tags cannot be told empties everything rather than keep what is wrong', async () => {
    const { ask, observer } = shop((app, larder) => {
      app.get('/a', larder.cacheResponse(60), (_, res) => void res.send('a'));
      app.put(
        '/b',
        larder.invalidates((_, res) => [res.locals.nothing.id]),
        (_, res) => void res.json({}),
      );
    });
    await ask('/a');
    expect((await ask('/b', {}, 'PUT')).status).toBe(200);
    expect(x(await ask('/a'))).toBe('MISS');
    expect(observer.of('error')).toMatchObject([{ doing: 'name the tags of a write' }]);
  });

  it('to a URL that is cached needs no tag at all', async () => {
    const { ask } = shop((app, larder) => {
      app.use(larder.cacheResponse(60));
      app.get('/thing', (_, res) => void res.send('x'));
      app.put('/thing', (_, res) => void res.json({}));
      app.options('/thing', (_, res) => void res.sendStatus(204));
    });
    await ask('/thing');
    await ask('/thing', {}, 'OPTIONS');
    expect(x(await ask('/thing'))).toBe('HIT');
    await ask('/thing', {}, 'PUT');
    expect(x(await ask('/thing'))).toBe('MISS');
  });

  it('invalidates once, however many policies it passes', async () => {
    const { ask, observer } = shop((app, larder) => {
      app.use(larder.cacheResponse(60));
      app.put(
        '/thing',
        larder.invalidates('a' as never),
        larder.invalidates(['b']),
        (_, res) => void res.json({}),
      );
    });
    await ask('/thing', {}, 'PUT');
    expect(observer.of('invalidate')).toMatchObject([{ tags: 4, delivery: 'done' }]);
  });

  it('is refused when the app is built if its tags mean nothing', () => {
    expect(() => invalidates([''])).toThrow(
      expect.objectContaining({ code: 'LARDER_INVALID_TAG' }) as LarderError,
    );
  });
});

describe('what a write makes out of date', () => {
  it('is served stale while it is made anew, where that was said of the write', async () => {
    let version = 1;
    const { ask } = shop((app, { cacheResponse, invalidates }) => {
      const policy = { ttl: 60, staleWhileRevalidate: 60, tags: ['thing'] };
      app.get('/thing', cacheResponse(policy), (_, res) => void res.send(`v${version}`));
      app.put('/soft', invalidates(['thing'], { soft: true }), (_, res) => void res.sendStatus(204));
    });
    await ask('/thing');
    version = 2;
    await ask('/soft', {}, 'PUT');
    const stale = await ask('/thing');
    expect([x(stale), text(stale)]).toEqual(['STALE', 'v1']);
    await expect.poll(async () => text(await ask('/thing'))).toBe('v2');
  });

  it('is its own URL for good, however softly its tags are', async () => {
    const { ask } = shop((app, { cacheResponse, invalidates }) => {
      app.get('/thing', cacheResponse({ ttl: 60, staleWhileRevalidate: 60 }), (_, res) => void res.send('x'));
      app.put('/thing', invalidates([], { soft: true }), (_, res) => void res.sendStatus(204));
    });
    await ask('/thing');
    await ask('/thing', {}, 'PUT');
    expect(x(await ask('/thing'))).toBe('MISS');
  });

  it('is a URL, in all its variants, and no other', async () => {
    const { ask, larder, server } = shop((app, { cacheResponse }) => {
      app.get('/things', cacheResponse({ ttl: 60, vary: ['Accept'] }), (_, res) => void res.send('x'));
    });
    const all = async () => [
      x(await ask('/things?page=1', { Accept: 'text/plain' })),
      x(await ask('/things?page=1', { Accept: 'text/html' })),
      x(await ask('/things?page=2')),
    ];
    await all();
    const { port } = server.address() as AddressInfo;
    await larder.cache.invalidateUrl(`http://127.0.0.1:${port}/things?page=1`);
    expect(await all()).toEqual(['MISS', 'MISS', 'HIT']);
  });

  it('is every URL that a pattern matches, as clients send it', async () => {
    const { ask, larder } = shop((app, { cacheResponse }) => {
      app.use(cacheResponse({ ttl: 60 }), (_, res) => void res.send('x'));
    });
    const all = async () => [x(await ask('/caf%C3%A9/menu')), x(await ask('/caf%C3%A9/'))];
    await all();
    expect(await larder.cache.invalidateMatching({ urls: 'http://*/café/?*' })).toEqual({
      state: 'done',
      found: 1,
    });
    expect(await all()).toEqual(['MISS', 'HIT']);
  });

  it('is a partition, whatever its URLs', async () => {
    const { ask, larder } = shop((app, { cacheResponse }) => {
      const partition = (req: express.Request) => String(req.query.tenant);
      app.get('/:page', cacheResponse({ ttl: 60, partition }), (_, res) => void res.send('x'));
    });
    const all = async () => [
      x(await ask('/a?tenant=1')),
      x(await ask('/b?tenant=1')),
      x(await ask('/a?tenant=2')),
    ];
    await all();
    await larder.cache.invalidatePartition('1');
    expect(await all()).toEqual(['MISS', 'MISS', 'HIT']);
  });

  it.each([{ barrier: 1 }, { soft: true, hard: true }])('is not to be done as %j', (how) => {
    expect(() => invalidates(['thing'], how as never)).toThrow('LARDER_INVALID_OPTIONS');
  });
});
