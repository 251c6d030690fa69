import { describe, expect, it } from 'vitest';
import { route, shop, text, x } from '../support/shop.ts';

const BODY = 'abcdefghijklmnopqrstuvwxyz';

const letters = () =>
  route(60, (req, res) => {
    res.set({ ETag: '"abc"', 'Content-Type': 'text/plain', 'Accept-Ranges': 'bytes' });
    res.end(req.get('range') === undefined ? BODY : `ranged ${req.get('range')}`);
  });

const kept = async () => {
  const made = letters();
  await made.ask('/');
  return made;
};

describe('a Range of what is stored (RFC 9110 §14)', () => {
  it.each([
    ['bytes=0-2', 'abc', 'bytes 0-2/26'],
    ['bytes=23-', 'xyz', 'bytes 23-25/26'],
    ['bytes=-3', 'xyz', 'bytes 23-25/26'],
    ['bytes=20-99', 'uvwxyz', 'bytes 20-25/26'],
  ])('%s is cut out of it', async (range, part, contentRange) => {
    const { ask, runs } = await kept();
    const answer = await ask('/', { Range: range });
    expect([
      answer.status,
      text(answer),
      answer.headers['content-range'],
      answer.headers['content-length'],
    ]).toEqual([206, part, contentRange, String(part.length)]);
    expect([x(answer), answer.headers.etag, answer.headers.age, runs.count]).toEqual([
      'HIT',
      '"abc"',
      '0',
      1,
    ]);
  });

  it('several come as multipart/byteranges, each with its own Content-Range', async () => {
    const { ask } = await kept();
    const answer = await ask('/', { Range: 'bytes=0-1,24-25' });
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(answer.headers['content-type']!)?.[1];
    expect([answer.status, answer.headers['content-range']]).toEqual([206, undefined]);
    expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
    expect(text(answer).split(`--${boundary}`)).toEqual([
      expect.stringMatching(/^(\r\n)?$/),
      '\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/26\r\n\r\nab\r\n',
      '\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 24-25/26\r\n\r\nyz\r\n',
      expect.stringMatching(/^--(\r\n)?$/),
    ]);
  });

  it('that it does not have is 416, with its length', async () => {
    const { ask } = await kept();
    const answer = await ask('/', { Range: 'bytes=26-' });
    expect([answer.status, answer.headers['content-range'], answer.body.length]).toEqual([
      416,
      'bytes */26',
      0,
    ]);
    expect(answer.headers['content-type']).toBeUndefined();
  });

  it.each(['lines=0-1', 'bytes=', 'bytes=2-1', 'bytes', 'bytes=a-b'])('%s is ignored', async (range) => {
    const { ask } = await kept();
    const answer = await ask('/', { Range: range });
    expect([answer.status, text(answer), x(answer)]).toEqual([200, BODY, 'HIT']);
  });

  it('is given if If-Range has its strong entity tag, and the whole otherwise (§13.1.5)', async () => {
    const { ask } = await kept();
    const asked = (ifRange: string) => ask('/', { Range: 'bytes=0-0', 'If-Range': ifRange });
    expect([
      (await asked('"abc"')).status,
      (await asked('"x"')).status,
      (await asked('W/"abc"')).status,
    ]).toEqual([206, 200, 200]);
  });

  it('comes after If-None-Match (§13.2.2), and is nothing to HEAD (§14.2)', async () => {
    const { ask } = await kept();
    expect((await ask('/', { Range: 'bytes=0-0', 'If-None-Match': '"abc"' })).status).toBe(304);
    const head = await ask('/', { Range: 'bytes=0-0' }, 'HEAD');
    expect([head.status, head.headers['content-length']]).toEqual([200, '26']);
  });

  it('is not compressed by whoever compresses upstream', async () => {
    const compression = (await import('compression')).default;
    const { ask } = shop((app, larder) => {
      app.use(compression({ threshold: 0 }));
      app.get('/', larder.cacheResponse(60), (_, res) => void res.type('text').send(BODY.repeat(100)));
    });
    await ask('/');
    const answer = await ask('/', { Range: 'bytes=0-1299', 'Accept-Encoding': 'gzip' });
    expect([answer.status, answer.headers['content-encoding'], answer.body.length]).toEqual([
      206,
      undefined,
      1300,
    ]);
  });
});

describe('a Range of what is not stored', () => {
  it('is the handler’s to answer, and its part is stored as nothing (RFC 9111 §3.3)', async () => {
    const { ask } = letters();
    const answer = await ask('/', { Range: 'bytes=0-1' });
    expect([text(answer), answer.headers['cache-status']]).toEqual([
      'ranged bytes=0-1',
      'Larder; fwd=uri-miss; detail=range',
    ]);
    const whole = await ask('/');
    expect([x(whole), text(whole)]).toEqual(['MISS', BODY]);
  });

  it('a 206 that nobody asked for is stored as nothing', async () => {
    const { ask } = route(undefined, (_, res) => {
      res.status(206).set({ 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 0-0/2' }).end('x');
    });
    await ask('/');
    expect((await ask('/')).headers['cache-status']).toContain('detail=status');
  });
});
