import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { route, x } from '../support/shop.ts';

describe('what is of one exchange (RFC 9110 §6.5, §15.2)', () => {
  it('an interim response goes to who asked, and is not kept', async () => {
    const { ask, server } = route(60, (_, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload' });
      res.send('x');
    });
    await expect.poll(() => server.listening).toBe(true);
    const { port } = server.address() as AddressInfo;
    const hints: unknown[] = [];
    await new Promise((resolve, reject) => {
      const asking = request({ port, host: '127.0.0.1', path: '/', agent: false });
      asking.on('information', ({ statusCode, headers }) => hints.push([statusCode, headers.link]));
      asking.on('response', (res) => res.resume().on('end', resolve)).on('error', reject);
      asking.end();
    });
    expect(hints).toEqual([[103, '</style.css>; rel=preload']]);
    const hit = await ask('/', { Host: `127.0.0.1:${port}` });
    expect([x(hit), hit.headers.link]).toEqual(['HIT', undefined]);
  });

  it('trailers are not kept, nor is their announcement', async () => {
    const { ask } = route(60, (_, res) => {
      res.set('Trailer', 'X-Checksum');
      res.write('x');
      res.addTrailers({ 'X-Checksum': 'abc' });
      res.end();
    });
    const first = await ask('/');
    expect(first.headers.trailer).toBe('X-Checksum');
    await expect.poll(async () => x(await ask('/'))).toBe('HIT');
    const hit = await ask('/');
    expect([hit.headers.trailer, hit.headers['x-checksum'], hit.headers['content-length']]).toEqual([
      undefined,
      undefined,
      '1',
    ]);
  });

  it('a Warning is not sent on', async () => {
    const { ask } = route(60, (_, res) => void res.set('Warning', '110 - "Response is Stale"').send('x'));
    await ask('/');
    expect((await ask('/')).headers.warning).toBeUndefined();
  });

  it('the Cache-Status of a cache nearer to the origin stays before ours (RFC 9211 §2)', async () => {
    const { ask } = route(60, (_, res) => void res.set('Cache-Status', 'Origin; hit').send('x'));
    expect((await ask('/')).headers['cache-status']).toBe(
      'Origin; hit, Larder; fwd=uri-miss; fwd-status=200; stored',
    );
  });
});
