import { gunzipSync, gzipSync } from 'node:zlib';
import compression from 'compression';
import { describe, expect, it } from 'vitest';
import { route, shop, text, x } from './support/shop.ts';

const greeting = (language: string | undefined) => (language?.startsWith('fr') ? 'bonjour' : 'hello');

describe('a response’s Vary', () => {
  const varying = () =>
    route(60, (req, res) => void res.vary('Accept-Language').send(greeting(req.get('accept-language'))));

  it('makes variants', async () => {
    const { ask, runs } = varying();
    const fr = { 'Accept-Language': 'fr' };
    expect([text(await ask('/', fr)), text(await ask('/'))]).toEqual(['bonjour', 'hello']);
    const [again, none] = [await ask('/', fr), await ask('/')];
    expect([x(again), text(again), x(none), text(none), runs.count]).toEqual([
      'HIT',
      'bonjour',
      'HIT',
      'hello',
      2,
    ]);
    expect(again.headers.vary).toBe('Accept-Language');
  });

  it('tells a miss of the variant from a miss of the URI', async () => {
    const { ask } = varying();
    await ask('/');
    expect((await ask('/', { 'Accept-Language': 'de' })).headers['cache-status']).toContain('fwd=vary-miss');
  });

  it('is merged with what stood before, each name once', async () => {
    const { ask } = shop((app, larder) => {
      app.use((_, res, next) => next(void res.vary('Origin')));
      app.get('/', larder.cacheResponse(60), (_, res) => void res.vary('Accept').send('x'));
    });
    const [first, second] = [await ask('/'), await ask('/')];
    expect([x(second), first.headers.vary, second.headers.vary]).toEqual([
      'HIT',
      'Origin, Accept',
      'Origin, Accept',
    ]);
  });

  it('that names a field once holds for responses of the same URI that forget to', async () => {
    const { ask } = route(60, (req, res) => {
      const language = req.get('accept-language');
      if (language !== 'fr') res.vary('Accept-Language');
      res.send(greeting(language));
    });
    await ask('/');
    await ask('/', { 'Accept-Language': 'fr' });
    expect(text(await ask('/', { 'Accept-Language': 'en' }))).toBe('hello');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('keeps 64 variants of a URI, the newest', async () => {
    const { ask } = varying();
    for (let i = 0; i < 65; i += 1) await ask('/', { 'Accept-Language': `l${i}` });
    expect(x(await ask('/', { 'Accept-Language': 'l64' }))).toBe('HIT');
    expect(x(await ask('/', { 'Accept-Language': 'l0' }))).toBe('MISS');
  });

  it('falls with its tags, every variant of it', async () => {
    const { ask, larder } = route({ ttl: 60, tags: ['greeting'] }, (req, res) => {
      res.vary('Accept-Language').send(greeting(req.get('accept-language')));
    });
    for (const language of ['fr', 'en']) await ask('/', { 'Accept-Language': language });
    await larder.cache.invalidate('greeting');
    expect(x(await ask('/', { 'Accept-Language': 'fr' }))).toBe('MISS');
    expect(x(await ask('/', { 'Accept-Language': 'en' }))).toBe('MISS');
  });
});

describe('an encoded response', () => {
  it('is for who takes the encoding, even if its handler forgets Vary', async () => {
    const { ask } = route(60, (_, res) => void res.set('Content-Encoding', 'gzip').end(gzipSync('x')));
    await ask('/', { 'Accept-Encoding': 'gzip' });
    expect(x(await ask('/'))).toBe('MISS');
    expect(x(await ask('/', { 'Accept-Encoding': 'gzip' }))).toBe('HIT');
  });
});

describe('with compression()', () => {
  const page = 'larder '.repeat(1000);
  const gzip = { 'Accept-Encoding': 'gzip' };

  it('before the cache, plain bytes are kept and each reply is compressed for who asks', async () => {
    const { ask } = shop((app, larder) => {
      app.use(compression());
      app.get('/', larder.cacheResponse(60), (_, res) => void res.send(page));
    });
    const [first, second, plain] = [await ask('/', gzip), await ask('/', gzip), await ask('/')];
    expect([x(first), x(second), x(plain)]).toEqual(['MISS', 'HIT', 'HIT']);
    expect([second.headers['content-encoding'], plain.headers['content-encoding']]).toEqual([
      'gzip',
      undefined,
    ]);
    expect([gunzipSync(second.body).toString(), text(plain)]).toEqual([page, page]);
    expect(second.headers.etag).toMatch(/^W\//);
  });

  it('after the cache, compressed bytes are kept, and only for who takes them', async () => {
    const { ask } = shop((app, larder) => {
      app.get('/', larder.cacheResponse(60), compression(), (_, res) => void res.send(page));
    });
    const [first, second, plain] = [await ask('/', gzip), await ask('/', gzip), await ask('/')];
    expect([x(first), x(second), x(plain)]).toEqual(['MISS', 'HIT', 'MISS']);
    expect([gunzipSync(first.body).toString(), gunzipSync(second.body).toString(), text(plain)]).toEqual([
      page,
      page,
      page,
    ]);
    expect(x(await ask('/'))).toBe('HIT');
  });
});
