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
