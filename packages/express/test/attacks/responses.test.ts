import type { NextFunction, RequestHandler, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { bodyOf, get, KEPT, MODES, raw, statusOf } from '../support/raw.ts';
import { route, shop, text, x } from '../support/shop.ts';

type Way = [string, (res: Response) => unknown];

/** Asks twice: what the second client gets must be its own. */
async function isKept(policy: object, handler: RequestHandler) {
  const { ask, runs } = route(policy, handler);
  const detail = /detail=([\w-]+)/.exec(String((await ask('/')).headers['cache-status']))?.[1];
  const second = await ask('/');
  return { kept: x(second) === 'HIT' || runs.count === 1, detail, second };
}

describe.each(MODES)('a response kept $mode', ({ policy }) => {
  it.each<Way>([
    ['res.cookie', (res) => res.cookie('sid', '1').send('x')],
    ['a field in odd case', (res) => res.setHeader('sEt-cOoKiE', 'sid=1') && res.send('x')],
    ['a list', (res) => res.setHeader('Set-Cookie', ['a=1', 'sid=1']) && res.send('x')],
    ['an empty field', (res) => res.setHeader('Set-Cookie', '') && res.send('x')],
    ['writeHead', (res) => res.writeHead(200, { ...KEPT, 'set-cookie': 'sid=1' }).end('x')],
    ['writeHead with a flat list', (res) => res.writeHead(200, ['Set-Cookie', 'sid=1']).end('x')],
    ['res.append', (res) => res.append('Set-Cookie', 'sid=1').send('x')],
    ['a stream', (res) => res.append('Set-Cookie', 'sid=1').write('x') && res.end()],
    ['public', (res) => res.set('Cache-Control', 'public, max-age=60').cookie('sid', '1').send('x')],
    [
      'no-cache that names it',
      (res) => res.set('Cache-Control', 'max-age=60, no-cache="set-cookie"').cookie('sid', '1').send('x'),
    ],
    ['Connection that names it', (res) => res.set('Connection', 'Set-Cookie').cookie('sid', '1').send('x')],
  ])('is refused with its body when it sets a cookie: by %s', async (_way, send) => {
    const { ask, runs } = route(policy, (_, res) => {
      if (runs.count === 1) return void send(res.set(KEPT));
      res.set(KEPT).send('mine');
    });
    const first = await ask('/');
    expect(first.headers['set-cookie']).toBeDefined();
    const second = await ask('/');
    expect([x(second), text(second), second.headers['set-cookie']]).toEqual(['MISS', 'mine', undefined]);
  });

  it.each<[string, (res: Response, next: NextFunction) => void]>([
    ['before the cache', (res, next) => next(void res.cookie('sid', 'early'))],
    [
      'while the head is written',
      (res, next) => {
        const { writeHead } = res;
        res.writeHead = ((...args: Parameters<typeof writeHead>) =>
          writeHead.apply(res.cookie('sid', 'late'), args)) as typeof writeHead;
        next();
      },
    ],
  ])('is refused when middleware upstream sets a cookie %s', async (_when, upstream) => {
    const { ask } = shop((app, larder) => {
      app.use((req, res, next) => (req.query.new === undefined ? upstream(res, next) : next()));
      app.get(
        '/',
        larder.cacheResponse({ ...policy, key: () => 'one' }),
        (_, res) => void res.set(KEPT).send('x'),
      );
    });
    expect((await ask('/')).headers['set-cookie']).toHaveLength(1);
    const second = await ask('/?new');
    expect([x(second), second.headers['set-cookie']]).toEqual(['MISS', undefined]);
  });

  it.each([
    ...[
      'private',
      'PRIVATE',
      'max-age=60,Private',
      ' max-age=60 ,\tprivate ',
      'private="x"',
      'private=x',
      'private=""',
    ],
    ...[',,private', 'max-age=60, private=", no', 'public, max-age=60, private', 'private; max-age=60'],
    ...[
      'no-store',
      'No-Store',
      'max-age=60, no-store',
      'no-store=1',
      'x="a, b", no-store',
      'x="\\", no-store',
    ],
  ])('is refused for Cache-Control: %s', async (value) => {
    const one = await isKept(policy, (_, res) => void res.set('Cache-Control', value).send('x'));
    expect(one.kept).toBe(false);
    const several = await isKept(
      policy,
      (_, res) => void res.set('cache-control', ['max-age=60', value]).send('x'),
    );
    expect([several.kept, several.detail]).toEqual([false, expect.stringMatching(/^(private|no-store)$/)]);
  });

  it.each(['CDN-Cache-Control', 'Larder-Cache-Control'])(
    'is refused for private and no-store in %s (RFC 9213)',
    async (name) => {
      for (const value of ['private', 'no-store', 'private=?1, max-age=60', 'max-age=60, no-store'])
        expect(
          await isKept(policy, (_, res) => void res.set({ ...KEPT, [name]: value }).send('x')),
        ).toMatchObject({
          kept: false,
        });
    },
  );

  it.each([
    ['vary-any', ['*']],
    ['vary-any', ['a, *']],
    ['vary-any', ['Accept', ' * ']],
    ['vary-credentials', ['Cookie']],
    ['vary-credentials', ['accept', 'x-a,AUTHORIZATION']],
    ['vary-too-many', ['a,b,c,d,e,f,g,h,i']],
  ])('is refused as %s for Vary: %j (RFC 9111 §4.1)', async (detail, lines) => {
    const answer = await isKept(policy, (_, res) => res.set(KEPT).writeHead(200, { vARY: lines }).end('x'));
    expect(answer).toMatchObject({ kept: false, detail });
  });

  it('is refused when only middleware upstream says Vary: *', async () => {
    const { ask } = shop((app, larder) => {
      app.use((_, res, next) => {
        const { writeHead } = res;
        res.writeHead = ((...args: Parameters<typeof writeHead>) =>
          writeHead.apply(res.vary('*'), args)) as typeof writeHead;
        next();
      });
      app.get('/', larder.cacheResponse(policy), (_, res) => void res.set(KEPT).send('x'));
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('is one tenant’s, though not all of its URL’s responses name the field', async () => {
    const { ask } = route(policy, (req, res) => {
      if (req.query.silent === undefined) res.vary('X-Tenant');
      res.set(KEPT).send(req.get('x-tenant') ?? 'none');
    });
    for (const target of ['/', '/?silent'])
      for (const tenant of ['a', 'b', 'a'])
        expect(text(await ask(target, { 'X-Tenant': tenant }))).toBe(tenant);
    expect(text(await ask('/'))).toBe('none');
  });

  it('may vary by a field of any name', async () => {
    const { ask } = route(policy, (req, res) => {
      const name = String(req.query.by);
      const sent = Object.hasOwn(req.headers, name) ? req.headers[name] : 'none';
      res.set(KEPT).set('Vary', name).send(sent);
    });
    for (const name of ['constructor', 'valueof', 'x-a']) {
      const target = `/?by=${name}`;
      expect(text(await ask(target, { [name]: 'evil' }))).toBe('evil');
      expect(text(await ask(target))).toBe('none');
    }
  });

  it('is none of an error that a client has caused', async () => {
    const failed = route(policy, (req, res) => {
      if (req.headers['x-meta'] !== undefined) return void res.status(400).send('bad');
      res.set(KEPT).send('fine');
    });
    await raw(failed, get('/', 'X-Meta: \x7f\x01'));
    await raw(failed, get('/', 'X-Meta: \x80'));
    expect(statusOf(await raw(failed, get('/', `X-Large: ${'a'.repeat(20_000)}`)))).toBe(431);
    const after = await raw(failed, get('/'));
    expect([statusOf(after), bodyOf(after)]).toEqual([200, 'fine']);
  });

  it('gives nobody what belongs to one exchange', async () => {
    let n = 0;
    const { ask, clock } = route(policy, (_, res) => {
      n += 1;
      const mine = {
        'X-Request-Id': `r${n}`,
        'X-Correlation-Id': `r${n}`,
        Traceparent: `00-${n}`,
        'Server-Timing': `db;dur=${n}`,
        'X-RateLimit-Remaining': `${9 - n}`,
        'RateLimit-Remaining': `${9 - n}`,
        'X-Response-Time': `${n}ms`,
        'X-Hop': 'one',
        Connection: 'X-Hop',
        'Proxy-Authenticate': 'Basic',
        Age: '3',
      };
      res.set({ ...KEPT, ...mine }).send('body');
    });
    await ask('/');
    clock.advance(5000);
    const hit = await ask('/');
    expect(x(hit)).toBe('HIT');
    expect(JSON.stringify(hit.headers)).not.toMatch(/r1|00-1|dur=|ratelimit|1ms|x-hop|proxy-auth/i);
    expect([hit.headers.age, hit.headers['content-length']]).toEqual(['8', '4']);
  });

  it('gives nobody the fields that middleware upstream has set for another', async () => {
    const { ask } = shop((app, larder) => {
      app.use((req, res, next) =>
        next(
          void res.set({
            'Access-Control-Allow-Origin': req.get('origin') ?? 'null',
            'X-For': req.get('x-me') ?? 'nobody',
          }),
        ),
      );
      app.get('/', larder.cacheResponse(policy), (_, res) => void res.set(KEPT).send('x'));
    });
    await ask('/', { Origin: 'https://evil.example', 'X-Me': 'mallory' });
    const { headers } = await ask('/', { Origin: 'https://shop.example', 'X-Me': 'alice' });
    expect([headers['x-cache'], headers['access-control-allow-origin'], headers['x-for']]).toEqual([
      'HIT',
      'https://shop.example',
      'alice',
    ]);
  });
});
