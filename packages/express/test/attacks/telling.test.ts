import debug from 'debug';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CacheEvent } from '../../src/index.ts';
import { get, raw } from '../support/raw.ts';
import { route, shop, x } from '../support/shop.ts';

const SECRET = 's3cr3t';

/** Everything of an event, an error's message and stack and all. */
const written = (event: CacheEvent): string =>
  JSON.stringify(event, (_, value) => (value instanceof Error ? [value.message, value.stack] : value));

/** All that `DEBUG=larder:*` would print from here on. */
function logged(): string[] {
  const lines: string[] = [];
  const { log } = debug;
  debug.log = (...args: unknown[]) => void lines.push(args.join(' '));
  debug.enable('larder:*');
  onTestFinished(() => {
    debug.disable();
    debug.log = log;
  });
  return lines;
}

/** Puts the secret into every place of a request that a client can choose. */
async function visit(policy: object) {
  const lines = logged();
  const made = shop((app, larder) => {
    const router = express.Router({ mergeParams: true });
    const tags = () => [`tag-${SECRET}`];
    router.get('/orders/:id', larder.cacheResponse({ tags, ...policy }), (req, res) => {
      res.set({ 'Cache-Control': 'max-age=60', ETag: `"${SECRET}"`, 'X-Secret': SECRET });
      if (req.query.way === 'cookie') res.cookie('sid', SECRET);
      if (req.query.way === 'vary') res.vary('X-Api-Key');
      if (req.query.way === 'tag') res.cache?.tag(SECRET);
      if (req.query.way === 'read') res.send(req.get('x-api-key'));
      else if (req.query.way === 'fail') res.status(500).send(SECRET);
      else res.send(SECRET);
    });
    router.post('/orders/:id', larder.invalidates([`tag-${SECRET}`]), (_, res) => void res.send(SECRET));
    app.use('/users/:user', router);
  });
  const path = `/users/${SECRET}/orders/9${SECRET}`;
  for (const way of ['plain', 'plain', 'cookie', 'vary', 'read', 'tag', 'fail', SECRET]) {
    const target = `${path}?way=${way}&token=${SECRET}`;
    await made.ask(target, { 'X-Api-Key': SECRET, 'User-Agent': SECRET, Referer: SECRET });
    await made.ask(target, { Cookie: `sid=${SECRET}` });
    await made.ask(target, { Authorization: `Bearer ${SECRET}` });
    await made.ask(target, { 'If-None-Match': `"${SECRET}"`, Range: `bytes=${SECRET}` });
    await raw(made, get(target, `X-Api-Key: ${SECRET}`, `${SECRET}: 1`, `Host: ${SECRET}`));
    await raw(made, get(target, 'Content-Length: 6') + SECRET);
  }
  await made.ask(`${path}?token=${SECRET}`, {}, 'POST');
  await made.ask(`/nowhere/${SECRET}`);
  await made.larder.cache.invalidate(SECRET);
  for (const way of ['plain', 'vary']) await made.ask(`${path}?way=${way}&token=${SECRET}`);
  await made.larder.withCache(SECRET, 60, () => SECRET);
  return { made, lines };
}

describe.each([
  ['for a ttl', { ttl: 60 }],
  ['by what they say themselves', {}],
  ['for users told apart', { ttl: 60, partition: () => SECRET, credentials: 'partitioned' }],
  ['with keys of the app’s own', { ttl: 60, key: () => [SECRET], cookies: ['sid'], vary: ['x-api-key'] }],
])('of responses kept %s', (_, policy) => {
  it('no event carries what a client or a handler sent', async () => {
    const { made } = await visit(policy);
    const { events } = made.observer;
    const told = new Set(events.map(({ type }) => type));
    expect(['request', 'store', 'invalidate', 'value'].filter((type) => !told.has(type as never))).toEqual(
      [],
    );
    expect(events.map(written).join('\n')).not.toContain(SECRET);
  });

  it('no log line does either', async () => {
    const { lines } = await visit(policy);
    expect(lines.length).toBeGreaterThan(40);
    expect(lines.join('\n')).toContain('/users/:user/orders/:id');
    expect(lines.join('\n')).not.toContain(SECRET);
  });

  it('routes have as many names as the app has routes', async () => {
    const { made } = await visit(policy);
    const routes = new Set(made.observer.of('request').map((event) => event.route));
    expect([...routes]).toEqual(['/users/:user/orders/:id']);
  });
});

describe('what a reply says of the cache', () => {
  it('names no key, and nothing that is in one', async () => {
    const policy = { ttl: 60, partition: () => SECRET, key: () => [SECRET], tags: [SECRET], vary: ['x-a'] };
    const { ask } = route(policy, (_, res) => void res.send('x'));
    for (const status of ['MISS', 'HIT']) {
      const answer = await ask(`/?token=${SECRET}`, { 'X-A': SECRET });
      expect(x(answer)).toBe(status);
      expect(answer.rawHeaders.join('\n')).not.toContain(SECRET);
      expect(answer.headers['cache-status']).not.toMatch(/key/);
      expect(answer.headers['cache-status']).toMatch(
        /^Larder; (hit; ttl=60|fwd=uri-miss; fwd-status=200; stored)$/,
      );
    }
  });

  it('is nothing where the policy is silent: a hit looks like a miss', async () => {
    const { ask } = route({ ttl: 60, statusHeaders: false }, (_, res) => void res.send('x'));
    const asks = [
      await ask('/'),
      await ask('/'),
      await ask('/', { Cookie: 'a=1' }),
      await ask('/', {}, 'HEAD'),
    ];
    for (const { headers } of asks) {
      for (const name of ['x-cache', 'cache-status', 'age']) expect(headers[name]).toBeUndefined();
    }
    const [miss, hit] = asks.map(({ headers }) => Object.keys(headers).sort());
    expect(hit).toEqual(miss);
    const unanswered = await ask('/?new', { 'Cache-Control': 'only-if-cached' });
    expect([unanswered.status, unanswered.headers['cache-status']]).toEqual([504, undefined]);
  });

  it('cannot be made to say anything by a name that a client chose', async () => {
    const { ask } = route(60, (req, res) => void res.send(req.get(String(req.query.name)) ?? 'none'));
    for (const name of ['a\r\nX-Evil: 1', 'a"; hit; ttl=9', 'a, Other; hit', '\u00e9', ''])
      expect((await ask(`/?name=${encodeURIComponent(name)}`)).headers['cache-status']).toMatch(
        /^Larder; fwd=uri-miss; fwd-status=(200; (stored|detail=unkeyed-field)|500; detail=status)$/,
      );
  });
});
