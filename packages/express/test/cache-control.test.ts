import { describe, expect, it } from 'vitest';
import { cacheControl, presets } from '../src/index.ts';
import { shop, x } from './support/shop.ts';

describe('cacheControl', () => {
  it('tells clients what the preset says, cached or not', async () => {
    const { ask } = shop((app, larder) => {
      app.get('/plain', cacheControl(presets.publicShort), (_, res) => void res.send('x'));
      app.get(
        '/cached',
        larder.cacheControl(presets.cdn),
        larder.cacheResponse(60),
        (_, res) => void res.send('x'),
      );
      app.get(
        '/inside',
        larder.cacheResponse(60),
        larder.cacheControl(presets.cdn),
        (_, res) => void res.send('x'),
      );
    });
    expect((await ask('/plain')).headers['cache-control']).toBe(
      'public, max-age=60, stale-while-revalidate=30',
    );
    for (const path of ['/cached', '/inside']) {
      const [first, second] = [await ask(path), await ask(path)];
      expect(x(second)).toBe('HIT');
      expect(second.headers['cache-control']).toBe(first.headers['cache-control']);
      expect(second.headers['cache-control']).toContain('s-maxage=600');
    }
  });

  it('speaks to clients: its no-cache does not keep the response out of the cache', async () => {
    const { ask } = shop((app, larder) => {
      app.get(
        '/',
        larder.cacheControl(presets.api),
        larder.cacheResponse(60),
        (_, res) => void res.send('x'),
      );
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it.each(['noStore', 'private'] as const)('%s keeps it out all the same', async (name) => {
    const { ask } = shop((app, larder) => {
      app.get(
        '/',
        larder.cacheControl(presets[name]),
        larder.cacheResponse(60),
        (_, res) => void res.send('x'),
      );
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('is overruled by the handler', async () => {
    const { ask } = shop((app, larder) => {
      app.get('/', larder.cacheControl(presets.cdn), larder.cacheResponse(60), (_, res) => {
        res.set('Cache-Control', 'no-store').send('x');
      });
    });
    expect((await ask('/')).headers['cache-control']).toBe('no-store');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('tells CDNs what it has for them, in the field or fields that they read', async () => {
    const cdn = { maxAge: 600, staleIfError: 3600 };
    const { ask } = shop((app, larder) => {
      app.get(
        '/',
        cacheControl({ noCache: true, cdn }),
        larder.cacheResponse(60),
        (_, res) => void res.send('x'),
      );
      app.get('/old', cacheControl({ noCache: true, cdn, surrogate: true }), (_, res) => void res.send('x'));
    });
    await ask('/');
    const hit = await ask('/');
    expect([x(hit), hit.headers['cdn-cache-control'], hit.headers['cache-control']]).toEqual([
      'HIT',
      'max-age=600, stale-if-error=3600',
      'no-cache',
    ]);
    expect((await ask('/old')).headers['surrogate-control']).toBe('max-age=600, stale-if-error=3600');
  });

  it('goes by its CDN’s lifetime where nothing else gives one', async () => {
    const { ask, clock } = shop((app, larder) => {
      const preset = cacheControl({ noCache: true, cdn: { maxAge: 600 } });
      app.get('/', preset, larder.cacheResponse(), (_, res) => void res.send('x'));
    });
    await ask('/');
    clock.advance(599_000);
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('says in Expires what max-age says, counted from Date, at every hit', async () => {
    const { ask, clock } = shop((app, larder) => {
      app.get('/', cacheControl({ maxAge: 60, expires: true }), larder.cacheResponse(600), (_, res) => {
        res.send('x');
      });
    });
    for (const ms of [0, 30_000]) {
      clock.advance(ms);
      const { headers } = await ask('/');
      expect((Date.parse(headers.expires!) - Date.parse(headers.date!)) / 1000).toBe(60);
    }
  });

  it('and takes all of that back where the handler overrules it', async () => {
    const preset = cacheControl({ maxAge: 60, expires: true, cdn: { maxAge: 600 }, surrogate: true });
    const { ask } = shop((app, larder) => {
      app.get(
        '/cached',
        preset,
        larder.cacheResponse(),
        (_, res) => void res.set('Cache-Control', 'no-store').end(),
      );
      app.get('/plain', preset, (_, res) => void res.set('Cache-Control', 'no-store').end());
      app.get('/raw', preset, (_, res) => void res.writeHead(200, { 'Cache-Control': 'no-store' }).end());
    });
    for (const path of ['/cached', '/plain', '/raw']) {
      const { headers } = await ask(path);
      const { 'cdn-cache-control': cdn, 'surrogate-control': surrogate, expires } = headers;
      expect([headers['cache-control'], cdn, surrogate, expires]).toEqual([
        'no-store',
        undefined,
        undefined,
        undefined,
      ]);
    }
    expect(x(await ask('/cached'))).toBe('MISS');
  });

  it('must-revalidate for clients leaves the stale windows of the policy alone', async () => {
    let runs = 0;
    const { ask, clock } = shop((app, larder) => {
      const policy = { ttl: 10, staleIfError: 60 };
      const preset = cacheControl({ maxAge: 10, mustRevalidate: true });
      app.get('/', preset, larder.cacheResponse(policy), (_, res) => {
        runs += 1;
        res.status(runs === 1 ? 200 : 503).send('x');
      });
    });
    await ask('/');
    clock.advance(11_000);
    expect((await ask('/')).status).toBe(200);
  });

  it('names in Vary what private responses depend on', async () => {
    const { ask } = shop((app) => {
      app.get(
        '/',
        cacheControl({ ...presets.private, vary: ['Cookie', 'Origin'] }),
        (_, res) => void res.vary('Origin').send('x'),
      );
    });
    expect((await ask('/')).headers.vary).toBe('Cookie, Origin');
  });

  it('is refused when the app is built if it contradicts itself', () => {
    expect(() => cacheControl({ noStore: true, maxAge: 5 } as never)).toThrow('LARDER_INVALID_CACHE_CONTROL');
  });
});
