import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { lasting, route, shop, text, x } from './support/shop.ts';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const file = fileURLToPath(new URL('./support/picture.bin', import.meta.url));

const ways: Record<string, RequestHandler> = {
  'res.json': (_, res) => void res.json({ a: 1, text: 'é' }),
  'res.json of null': (_, res) => void res.json(null),
  'res.send of text': (_, res) => void res.send('<p>é</p>'),
  'res.send of bytes': (_, res) => void res.send(everyByte),
  'res.send of nothing': (_, res) => void res.send(''),
  'res.end of bytes': (_, res) => void res.end(everyByte),
  'res.end of nothing': (_, res) => void res.end(),
  'res.end in another encoding': (_, res) => void res.end('00ff10', 'hex'),
  'res.end with a callback': (_, res) => void res.end('text', () => {}),
  'writeHead with fields, then end': (_, res) =>
    void res.writeHead(200, { 'Content-Type': 'text/x', 'X-N': 1 }).end('raw'),
  'writeHead with a reason and fields': (_, res) =>
    void res.writeHead(200, 'Fine', { 'X-N': '1' }).end('raw'),
  'writeHead with a flat list': (_, res) =>
    void res.writeHead(203, ['X-Many', 'a', 'X-Many', 'b', 'Content-Type', 'text/y'] as never).end('raw'),
  'write and end': (_, res) => {
    res.write('one,');
    res.write(Buffer.from('two,'));
    res.end('three');
  },
  'write after a while': async (_, res) => {
    res.write('one,');
    await new Promise(setImmediate);
    res.end('two');
  },
  'flushHeaders first': (_, res) => {
    res.setHeader('X-Early', '1');
    res.flushHeaders();
    res.end('late body');
  },
  'a pipe': (_, res) => void Readable.from([everyByte, everyByte]).pipe(res),
  'a pipeline': (_, res) => void pipeline(createReadStream(file), res),
  'a buffer that is used again': (_, res) => {
    const buffer = Buffer.from('first');
    res.write(buffer, () => {
      buffer.write('wrong');
      res.end();
    });
  },
  'res.sendFile': (_, res) => res.sendFile(file),
  'res.type and res.status': (_, res) => void res.status(203).type('text/csv').send('a,b'),
  'several lines of one field': (_, res) => {
    res.append('Link', '</a>; rel=preload');
    res.append('Link', '</b>; rel=preload');
    res.end('x');
  },
};

describe('a response is stored as it was sent', () => {
  it.each(Object.entries(ways))('by %s', async (_, handler) => {
    const { ask, runs } = route(60, handler);
    const first = await ask('/');
    const second = await ask('/');
    expect([x(first), x(second), runs.count]).toEqual(['MISS', 'HIT', 1]);
    const firstFields = first.headers;
    // A streamed head is gone before its bytes are known; from the cache it has an entity tag as well.
    const expected = lasting(first) as { fields: Record<string, unknown> };
    if (firstFields.etag === undefined) expected.fields.etag = second.headers.etag;
    expect(lasting(second)).toEqual(expected);
  });

  it('keeps the case of field names', async () => {
    const { ask } = route(60, (_, res) => void res.setHeader('X-MiXed', '1').end('x'));
    await ask('/');
    const { rawHeaders } = await ask('/');
    expect(rawHeaders).toContain('X-MiXed');
  });
});

describe('a response is not stored', () => {
  const notStored = async (policy: Parameters<typeof route>[0], handler: RequestHandler) => {
    const { ask, runs, observer } = route(policy, handler);
    const [first, second] = [await ask('/'), await ask('/')];
    expect(runs.count).toBe(2);
    expect(x(second)).not.toBe('HIT');
    return { first, second, observer };
  };

  it.each([201, 202, 204, 301, 302, 304, 400, 404, 500, 503])('with status %i', async (status) => {
    const { first } = await notStored(60, (_, res) => void res.status(status).end());
    expect(first.status).toBe(status);
    expect(first.headers['cache-status']).toBe(`Larder; fwd=uri-miss; fwd-status=${status}; detail=status`);
  });

  it('over its limit: it passes through whole, streamed or not', async () => {
    const large = 'x'.repeat(2000);
    const { first } = await notStored({ ttl: 60, maxBodyBytes: 1999 }, (_, res) => void res.send(large));
    expect(text(first)).toBe(large);
    expect(first.headers['cache-status']).toContain('detail=too-large');
    const streamed = await notStored(
      { ttl: 60, maxBodyBytes: 1999 },
      (_, res) => void Readable.from([large, large]).pipe(res),
    );
    expect(text(streamed.first)).toBe(large + large);
    expect(streamed.observer.of('request')[0]?.status).toMatchObject({ detail: 'too-large' });
  });

  it('when it is shorter than it says', async () => {
    const { ask, observer } = route(60, (_, res) => {
      res.setHeader('Content-Length', '10');
      res.write('short');
      res.end();
    });
    await ask('/').catch(() => {});
    expect(observer.of('request')[0]?.status).toMatchObject({ stored: false, detail: 'length' });
  });

  it('when its handler destroys it', async () => {
    const told = route(60, (_, res) => {
      res.write('half');
      res.destroy();
    });
    const over = told.observer.next('request');
    await told.ask('/').catch(() => {});
    expect((await over).status).toMatchObject({ detail: 'destroyed' });
  });

  it('when its handler throws after the first byte', async () => {
    const told = route(60, (_, res) => {
      res.write('half');
      throw new Error('in the middle');
    });
    const over = told.observer.next('request');
    await told.ask('/').catch(() => {});
    expect((await over).status).toMatchObject({ detail: 'destroyed' });
  });
});

describe('a large body streams through', () => {
  it('under the client’s back-pressure, with no more of it in memory than the limit', async () => {
    const chunk = Buffer.alloc(64 * 1024, 1);
    const total = 400;
    let written = 0;
    let stalls = 0;
    const { ask } = route({ ttl: 60, maxBodyBytes: 100_000 }, async (_, res) => {
      for (; written < total; written += 1) {
        if (!res.write(chunk)) {
          stalls += 1;
          await new Promise((drained) => res.once('drain', drained));
        }
      }
      res.end();
    });
    const answer = await ask('/');
    expect(answer.body.length).toBe(total * chunk.length);
    expect(stalls).toBeGreaterThan(10);
  });
});

describe('what stood before the cache', () => {
  it('is sent anew by whoever set it, and never replayed', async () => {
    let n = 0;
    const { ask } = shop((app, larder) => {
      app.use((_, res, next) => {
        n += 1;
        res.setHeader('X-Visit', String(n));
        res.setHeader('X-Overruled', 'before');
        next();
      });
      app.get(
        '/',
        larder.cacheResponse(60),
        (_, res) => void res.setHeader('X-Overruled', 'by handler').send('x'),
      );
    });
    const [first, second] = [await ask('/'), await ask('/')];
    expect([first.headers['x-visit'], second.headers['x-visit']]).toEqual(['1', '2']);
    expect([first.headers['x-overruled'], second.headers['x-overruled']]).toEqual([
      'by handler',
      'by handler',
    ]);
    expect(x(second)).toBe('HIT');
  });

  it('and was taken away by the handler is taken away from every reply', async () => {
    const { ask } = shop((app, larder) => {
      app.use((_, res, next) => next(void res.setHeader('X-Frame-Options', 'DENY')));
      app.get('/', larder.cacheResponse(60), (_, res) => {
        res.removeHeader('x-frame-options');
        res.send('x');
      });
    });
    const [first, second] = [await ask('/'), await ask('/')];
    expect(x(second)).toBe('HIT');
    expect([first, second].map(({ headers }) => headers['x-frame-options'])).toEqual([undefined, undefined]);
  });

  it('may set a cookie as late as it likes: the response is refused', async () => {
    const { ask, observer } = shop((app, larder) => {
      app.use((_, res, next) => {
        const { writeHead } = res;
        res.writeHead = ((...args: Parameters<typeof writeHead>) => {
          res.setHeader('Set-Cookie', 'sid=secret');
          return writeHead.apply(res, args);
        }) as typeof writeHead;
        next();
      });
      app.get('/', larder.cacheResponse(60), (_, res) => void res.send('x'));
    });
    const first = await ask('/');
    expect(first.headers['set-cookie']).toEqual(['sid=secret']);
    expect(first.headers['cache-status']).not.toContain('stored');
    expect(x(await ask('/'))).toBe('MISS');
    expect(observer.of('request')[0]?.status).toMatchObject({ stored: false });
  });
});
