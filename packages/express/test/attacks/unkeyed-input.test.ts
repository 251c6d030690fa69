import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { bodyOf, get, KEPT, MODES, raw, xOf } from '../support/raw.ts';
import { route, shop, text, x } from '../support/shop.ts';

const script = (host: string) => `<script src="https://${host}/a.js"></script>`;

describe.each(MODES)('a page kept $mode', ({ policy }) => {
  it.each([
    ...['X-Forwarded-Host', 'X-Host', 'X-Forwarded-Server', 'Forwarded', 'Origin', 'Referer', 'User-Agent'],
    ...['X-Forwarded-Proto', 'X-Forwarded-Scheme', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Url-Scheme'],
    ...['X-Forwarded-For', 'X-Real-IP', 'True-Client-IP', 'X-HTTP-Method-Override', 'Front-End-Https'],
    ...['X-Original-URL', 'X-Rewrite-URL', 'X-Api-Key', 'Proxy-Authorization', 'X-Tenant', 'Save-Data'],
  ])('is kept out when %s has shaped it', async (name) => {
    const { ask } = route(policy, (req, res) => {
      res.set(KEPT).send(script(req.get(name) ?? 'shop.example'));
    });
    const poisoning = await ask('/', { [name]: 'evil.example' });
    expect(text(poisoning)).toContain('evil.example');
    expect(poisoning.headers['cache-status']).toMatch(/detail=unkeyed-/);
    const victim = await ask('/');
    expect([x(victim), text(victim)]).toEqual(['MISS', script('shop.example')]);
  });

  it.each<[string, RequestHandler]>([
    [
      'after the first byte',
      async (req, res) => {
        res.set(KEPT).write('page ');
        await new Promise((resolve) => setImmediate(resolve));
        res.end(req.get('x-page'));
      },
    ],
    ['for a field of the answer', (req, res) => void res.set(KEPT).set('Link', req.get('x-page')).send('')],
    ['from all of them', (req, res) => void res.set(KEPT).send(req.headersDistinct['x-page'])],
    ['through the response', (_, res) => void res.set(KEPT).send(res.req.headers['x-page'])],
    ['through another object', (req, res) => void res.set(KEPT).send(Object.create(req).get('x-page'))],
  ])('is kept out when the field was read %s', async (_way, handler) => {
    const { ask } = route(policy, handler);
    const poisoning = await ask('/', { 'X-Page': 'evil' });
    expect([poisoning.headers.link, text(poisoning)].join()).toContain('evil');
    const victim = await ask('/');
    expect(x(victim)).toBe('MISS');
    expect([victim.headers.link, text(victim)].join()).not.toContain('evil');
  });

  it('is kept out when a middleware behind the cache has read the field for it', async () => {
    const { ask } = shop((app, larder) => {
      app.use(larder.cacheResponse(policy));
      app.use((req, res, next) => next(void Object.assign(res.locals, { page: req.headers['x-page'] })));
      app.get('/', (_, res) => void res.set(KEPT).send(res.locals.page ?? 'none'));
    });
    await ask('/', { 'X-Page': 'evil' });
    expect(text(await ask('/'))).toBe('none');
  });

  it('is kept for each value of the field where Vary names it, however it is written', async () => {
    const made = route(policy, (req, res) => {
      res
        .set(KEPT)
        .vary('X-Forwarded-Host')
        .send(script(req.get('x-forwarded-host') ?? 'shop.example'));
    });
    await raw(made, get('/', 'x-FORWARDED-hOST:   evil.example  '));
    expect(bodyOf(await raw(made, get('/')))).toBe(script('shop.example'));
    const again = await raw(made, get('/', 'X-Forwarded-Host: evil.example'));
    expect([xOf(again), bodyOf(again)]).toEqual(['HIT', script('evil.example')]);
  });

  it('is another one for a field that is empty, and for one that came twice', async () => {
    const made = route({ ...policy, vary: ['X-Lang'] }, (req, res) => {
      res.set(KEPT).send(String(req.get('x-lang')));
    });
    const [empty, absent, twice] = [get('/', 'X-Lang:'), get('/'), get('/', 'X-Lang: a', 'X-Lang: b')];
    for (const [request, body] of [
      [empty, ''],
      [absent, 'undefined'],
      [twice, 'a, b'],
    ] as const)
      expect([xOf(await raw(made, request)), bodyOf(await raw(made, request))]).toEqual(['MISS', body]);
    expect(bodyOf(await raw(made, get('/', 'X-Lang: a')))).toBe('a');
  });

  it('is another one for each field that its handler reads, where the policy says so', async () => {
    const { ask } = route({ ...policy, reads: 'vary' }, (req, res) => {
      res.set(KEPT).send(script(req.get('x-forwarded-host') ?? 'shop.example'));
    });
    await ask('/', { 'X-Forwarded-Host': 'evil.example' });
    const victim = await ask('/');
    expect([x(victim), text(victim)]).toEqual(['MISS', script('shop.example')]);
    expect(victim.headers.vary).toBe('x-forwarded-host');
  });

  it('is not replaced by a poisoned one when it is stale', async () => {
    const { ask, clock } = route({ ...policy, staleIfError: 600 }, (req, res) => {
      if (req.get('user-agent') === 'failing') return void res.sendStatus(503);
      res.set(KEPT).send(script(req.get('x-forwarded-host') ?? 'shop.example'));
    });
    await ask('/', { 'X-Forwarded-Host': 'evil.example' });
    clock.advance(61_000);
    await ask('/', { 'X-Forwarded-Host': 'evil.example' });
    expect((await ask('/', { 'User-Agent': 'failing' })).status).toBe(503);
  });

  it('is of the scheme and host that Express tells, and of no other', async () => {
    const { app, ask } = route(
      policy,
      (req, res) => void res.set(KEPT).send(`${req.protocol}://${req.hostname}`),
    );
    app.set('trust proxy', true);
    const forwarded = (proto: string, host: string) =>
      ask('/', { 'X-Forwarded-Proto': proto, 'X-Forwarded-Host': host });
    expect(text(await forwarded('evil', 'evil.example, shop.example'))).toBe('evil://evil.example');
    expect(text(await forwarded('https, http', 'shop.example'))).toBe('https://shop.example');
    expect(text(await forwarded('http', 'shop.example'))).toBe('http://shop.example');
    const victim = await forwarded('https', 'shop.example');
    expect([x(victim), text(victim)]).toEqual(['HIT', 'https://shop.example']);
  });

  it('is not of a scheme and host that a proxy says whom nobody trusts', async () => {
    const { ask } = route(policy, (req, res) => void res.set(KEPT).send(`${req.protocol}://${req.hostname}`));
    const fields = { Host: 'shop.example', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil.example' };
    expect(text(await ask('/', fields))).toBe('http://shop.example');
    expect(x(await ask('/', { Host: 'shop.example' }))).toBe('HIT');
  });

  it('is not of an address', async () => {
    const { app, ask } = route(policy, (req, res) => void res.set(KEPT).send(req.ip));
    app.set('trust proxy', true);
    await ask('/', { 'X-Forwarded-For': '203.0.113.7' });
    expect(text(await ask('/'))).not.toBe('203.0.113.7');
  });
});

describe('a redirect that is kept', () => {
  it('does not loop because of one client’s X-Forwarded-Proto', async () => {
    const { ask } = route({ ttl: 60, statuses: [301] }, (req, res) => {
      if (req.get('x-forwarded-proto') === 'https') return void res.send('page');
      res.redirect(301, 'https://shop.example/');
    });
    await ask('/', { 'X-Forwarded-Proto': 'http' });
    expect((await ask('/', { 'X-Forwarded-Proto': 'https' })).status).toBe(200);
  });
});

describe('a URL that something upstream has rewritten', () => {
  it.each(['X-Original-URL', 'X-Rewrite-URL'])('by %s is another one', async (name) => {
    const { ask } = shop((app, larder) => {
      app.use((req, _res, next) => {
        req.url = req.get(name) ?? req.url;
        next();
      });
      app.use(larder.cacheResponse(60));
      app.use((req, res) => void res.send(req.path));
    });
    expect(text(await ask('/', { [name]: '/admin' }))).toBe('/admin');
    expect([x(await ask('/')), text(await ask('/'))]).toEqual(['MISS', '/']);
    expect(text(await ask('/admin', { [name]: '/' }))).toBe('/');
    expect(text(await ask('/admin'))).toBe('/admin');
  });
});
