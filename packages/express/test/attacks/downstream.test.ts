import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import { describe, expect, it } from 'vitest';
import { route, shop, text, x } from '../support/shop.ts';

describe.each(['before', 'behind'])('with compression() %s the cache', (place) => {
  const page = 'larder '.repeat(1000);

  it('nobody gets an encoding that it does not accept, whatever others have asked for', async () => {
    const { ask } = shop((app, larder) => {
      const order = [compression(), larder.cacheResponse(60)];
      app.use(...(place === 'before' ? order : order.reverse()));
      app.get('/', (_, res) => void res.send(page));
    });
    const accepted = [
      undefined,
      'x',
      'gzip',
      'identity',
      'gzip;q=0',
      '*;q=0',
      'x-gzip',
      'br',
      'GZIP, "',
      ',',
      'gzip;q=oops',
      '*',
    ];
    for (const coding of [...accepted, ...accepted.reverse()]) {
      const answer = await ask('/', coding === undefined ? {} : { 'Accept-Encoding': coding });
      const { 'content-encoding': sent, vary } = answer.headers;
      const body = sent === 'gzip' ? gunzipSync(answer.body).toString() : text(answer);
      if (sent === undefined || sent === 'gzip') expect(body).toBe(page);
      if (sent !== undefined) expect(coding).toMatch(new RegExp(`${sent}|\\*$`, 'i'));
      expect(vary).toContain('Accept-Encoding');
    }
    expect((await ask('/', { 'Accept-Encoding': 'gzip' })).headers['content-encoding']).toBe('gzip');
  });
});

describe('what browsers and other caches are told', () => {
  it('makes them ask every time, unless the handler says otherwise', async () => {
    const { ask, larder } = route({ ttl: 600, tags: ['t'] }, (_, res) => void res.send('x'));
    for (const status of ['MISS', 'HIT']) {
      const answer = await ask('/');
      expect([x(answer), answer.headers['cache-control'], answer.headers.expires]).toEqual([
        status,
        'no-cache',
        undefined,
      ]);
      expect(answer.headers.etag).toBeDefined();
    }
    await larder.cache.invalidate('t');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('is private where users are told apart', async () => {
    const policy = { ttl: 600, credentials: 'partitioned', partition: () => 'alice' } as const;
    const { ask } = route(policy, (_, res) => void res.send('x'));
    for (let i = 0; i < 2; i += 1)
      expect((await ask('/', { Authorization: 'a' })).headers['cache-control']).toBe('private, no-cache');
  });

  it('is no Larder-Cache-Control, which is for this cache alone', async () => {
    const { ask } = route({}, (_, res) => void res.set('Larder-Cache-Control', 'max-age=600').send('x'));
    for (const status of ['MISS', 'HIT']) {
      const answer = await ask('/');
      expect([x(answer), answer.headers['larder-cache-control'], answer.headers['cache-control']]).toEqual([
        status,
        undefined,
        'no-cache',
      ]);
    }
  });
});
