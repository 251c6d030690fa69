import express, { type Request } from 'express';
import { describe, expect, it } from 'vitest';
import { bodyOf, get, KEPT, MODES, raw, xOf } from '../support/raw.ts';
import { route, type Shop, shop } from '../support/shop.ts';

const echo = (policy: object) =>
  shop((app, larder) => {
    app.use(larder.cacheResponse(policy));
    app.use((req, res) => void res.set(KEPT).send(req.originalUrl));
  });

/** Each is a miss of its own at first and a hit of its own after that. */
async function areApart(made: Shop, requests: readonly (readonly [request: string, body: string])[]) {
  for (const expected of ['MISS', 'HIT']) {
    for (const [request, body] of requests) {
      const answer = await raw(made, request);
      expect([request, xOf(answer), bodyOf(answer)]).toEqual([request, expected, body]);
    }
  }
}

const targets = (...all: string[]) => all.map((target) => [get(target), target] as const);

describe.each(MODES)('pages kept $mode are told apart', ({ policy }) => {
  it('by delimiters, and by what they are escaped as', async () => {
    await areApart(
      echo(policy),
      targets(
        ...[
          '/?a=B=',
          '/?a%3DB=',
          '/?a=B%3D',
          '/?a&b=c',
          '/?a%26b=c',
          '/?a=b&c',
          '/?a=b%26c',
          '/a?b',
          '/a%3fb',
        ],
        ...[
          '/%00',
          '/%1e',
          '/%0a',
          '/%',
          '/%%',
          '/a:b/c',
          '/a/b:c',
          '/1:a',
          '/-',
          '/|',
          '/a|b',
          '/v0:',
          '/p-v',
        ],
      ),
    );
  });

  it('by the order and number of parameters', async () => {
    await areApart(
      echo(policy),
      targets(
        ...[
          '/?a=1&a=2',
          '/?a=2&a=1',
          '/?a=1',
          '/?a=1&a=1',
          '/?a[]=1&a[]=2',
          '/?a[0]=1&a[1]=2',
          '/?a[1]=2&a[0]=1',
        ],
        ...[
          '/?a=1&b=2',
          '/?b=2&a=1',
          '/?a=1&',
          '/?&a=1',
          '/?',
          '/',
          '/?a=1;b=2',
          '/?A=1',
          '/?a=+',
          '/?a=%20',
          '/?a[__proto__]=1',
        ],
      ),
    );
    expect(({} as Record<string, unknown>)[0]).toBeUndefined();
  });

  it('by the form of their paths', async () => {
    await areApart(
      echo(policy),
      targets(
        ...[
          '/a',
          '/A',
          '/a/',
          '//a',
          '/a//',
          '/./a',
          '/b/../a',
          '/%61',
          '/a.',
          '/a%20',
          '/a%2f',
          '/a%2F',
          '/a;',
          '/a#',
          '/a#b',
        ],
        ...['/a%5c', '/a\\', '/a%c0%af', '/a%ef%bc%8f', '/a%u002f'],
      ),
    );
  });

  it('by their host and port', async () => {
    const hosts = [
      'shop.example',
      'shop.example:80',
      'shop.example:8080',
      'shop.example.',
      'xshop.example',
      '[::1]',
      '[::1]:80',
      'shop.example@evil',
    ];
    const made = shop((app, larder) => {
      app.use(larder.cacheResponse(policy));
      app.use((_, res) => void res.set(KEPT).send('x'));
    });
    for (const expected of ['MISS', 'HIT'])
      for (const host of hosts)
        expect([host, xOf(await raw(made, get('/').replace('shop.example', host)))]).toEqual([
          host,
          expected,
        ]);
  });

  it('where a weak hash would take them for the same', async () => {
    await areApart(
      echo(policy),
      targets(
        ...['/Ez', '/FY', '/EzEz', '/FYFY', '/EzFY'], // djb2
        ...['/Aa', '/BB', '/AaAa', '/BBBB', '/AaBB'], // String.hashCode
        ...['/costarring', '/liquid', '/declinate', '/macallums', '/altarage', '/zinke'], // FNV-1a, 32 bits
        ...['/plumless', '/buckeroo', '/codding', '/gnu', '/exhibiters', '/schlager'], // CRC-32
      ),
    );
  });

  it('by the whole path, where two routers have the same rest', async () => {
    const made = shop((app, larder) => {
      const inner = (name: string) => {
        const router = express.Router();
        router.use(larder.cacheResponse(policy));
        router.get('/x', (_, res) => void res.set(KEPT).send(name));
        router.get('/', (_, res) => void res.set(KEPT).send(name));
        return router;
      };
      for (const name of ['/a', '/b', '/a/b']) app.use(name, inner(name));
    });
    await areApart(made, [
      [get('/a/x'), '/a'],
      [get('/b/x'), '/b'],
      [get('/a/b/x'), '/a/b'],
      [get('/a'), '/a'],
      [get('/b'), '/b'],
      [get('/a/'), '/a'],
    ]);
  });

  it('by parts of the app’s own that hold each other’s separators', async () => {
    const key = (req: Request) => [String(req.query.a), String(req.query.b)];
    const made = route({ ...policy, key }, (req, res) => void res.set(KEPT).send(key(req).join(' + ')));
    const parts = [
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a|b', 'c'],
      ['a', 'b|c'],
      ['1:a', 'c'],
      ['a,b', 'c'],
      ['a\0b', 'c'],
      ['a', '\0b c'],
      ['a\x1e', 'c'],
      ['ab', 'c'],
      ['a', 'bc'],
    ];
    await areApart(
      made,
      parts.map(([a, b]) => [
        get(`/?a=${encodeURIComponent(a!)}&b=${encodeURIComponent(b!)}`),
        `${a} + ${b}`,
      ]),
    );
    expect((await made.ask('/?a=&b=c')).headers['cache-status']).toContain('detail=key');
  });

  it('by cookies in the key, whose values hold each other’s separators', async () => {
    const made = route({ ...policy, cookies: ['a', 'b'] }, (req, res) => {
      res.set(KEPT).send(req.get('cookie') ?? 'none');
    });
    await areApart(made, [
      [get('/', 'Cookie: a=1; b=2'), 'a=1; b=2'],
      [get('/', 'Cookie: a=1:b; c=2'), 'a=1:b'],
      [get('/', 'Cookie: a=1b=2'), 'a=1b=2'],
      [get('/', 'Cookie: b=2'), 'b=2'],
      [get('/', 'Cookie: a=; b=2'), 'a=; b=2'],
      [get('/', 'Cookie: A=1'), 'none'],
    ]);
    const twice = await raw(made, get('/', 'Cookie: b=2', 'Cookie: a=1; a=9', 'Cookie: sid=1'));
    expect([xOf(twice), bodyOf(twice)]).toEqual(['HIT', 'a=1; b=2']);
  });
});
