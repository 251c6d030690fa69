import { describe, expect, it } from 'vitest';
import { route, shop, text, x } from '../support/shop.ts';

const status = (answer: { headers: Record<string, unknown> }) => answer.headers['cache-status'];

describe('a stale response with a validator (RFC 9111 §4.3)', () => {
  const validated = (policy?: number) => {
    const conditions: unknown[] = [];
    const made = route(policy, (req, res) => {
      conditions.push([req.get('if-none-match'), req.get('if-modified-since')]);
      res.set({ 'Cache-Control': 'max-age=10', ETag: '"v1"', 'X-Run': String(made.runs.count) });
      if (req.get('if-none-match') === '"v1"') return void res.status(304).end();
      res.type('text').send('whole');
    });
    return { ...made, conditions };
  };

  it.each([undefined, 10])(
    'asks the handler whether it still holds, and is freshened by its 304 (ttl %s)',
    async (policy) => {
      const { ask, clock, conditions, runs } = validated(policy);
      await ask('/');
      clock.advance(11_000);
      const again = await ask('/');
      expect(conditions).toEqual([
        [undefined, undefined],
        ['"v1"', undefined],
      ]);
      expect([again.status, text(again), status(again)]).toEqual([
        200,
        'whole',
        'Larder; fwd=stale; fwd-status=304; stored',
      ]);
      expect([again.headers['x-run'], again.headers['content-type'], again.headers.age]).toEqual([
        '2',
        'text/plain; charset=utf-8',
        '0',
      ]);
      clock.advance(9_000);
      const hit = await ask('/');
      expect([x(hit), hit.headers.age, hit.headers['x-run'], runs.count]).toEqual(['HIT', '9', '2', 2]);
    },
  );

  it('is replaced by a whole answer', async () => {
    let version = 1;
    const { ask, clock } = route(undefined, (_, res) => {
      res.set({ 'Cache-Control': 'max-age=10', ETag: `"v${version}"` }).send(`v${version}`);
    });
    await ask('/');
    clock.advance(11_000);
    version = 2;
    expect(text(await ask('/'))).toBe('v2');
    const hit = await ask('/');
    expect([x(hit), text(hit), hit.headers.etag]).toEqual(['HIT', 'v2', '"v2"']);
  });

  it('answers a client’s own condition by itself when it is freshened', async () => {
    const { ask, clock, conditions } = validated();
    await ask('/');
    clock.advance(11_000);
    const mine = await ask('/', { 'If-None-Match': '"v1"' });
    expect([mine.status, mine.body.length]).toEqual([304, 0]);
    clock.advance(11_000);
    const other = await ask('/', { 'If-None-Match': '"v0"' });
    expect([other.status, text(other)]).toEqual([200, 'whole']);
    expect(conditions.at(-1)).toEqual(['"v1"', undefined]);
  });

  it('by date where there is no entity tag of the handler’s', async () => {
    const modified = 'Mon, 01 Jan 2024 00:00:00 GMT';
    const asked: unknown[] = [];
    const { ask, clock } = route(undefined, (req, res) => {
      asked.push([req.get('if-none-match'), req.get('if-modified-since')]);
      res.set({ 'Cache-Control': 'max-age=10', 'Last-Modified': modified });
      if (req.get('if-modified-since') === modified) return void res.status(304).end();
      res.end('x');
    });
    await ask('/');
    clock.advance(11_000);
    expect([text(await ask('/')), asked[1]]).toEqual(['x', [undefined, modified]]);
  });

  it('that says no-cache is validated at every use (§5.2.2.4)', async () => {
    const { ask, runs } = route(undefined, (req, res) => {
      res.set({ 'Cache-Control': 'no-cache', ETag: '"a"' });
      if (req.get('if-none-match') === '"a"') return void res.status(304).end();
      res.send('x');
    });
    await ask('/');
    const again = await ask('/');
    expect([text(again), status(again), runs.count]).toEqual([
      'x',
      'Larder; fwd=stale; fwd-status=304; stored',
      2,
    ]);
  });

  it('keeps the tags it was stored with, though its handler does not name them again', async () => {
    const { ask, clock, larder } = route(undefined, (req, res) => {
      res.set({ 'Cache-Control': 'max-age=10', ETag: '"a"' });
      if (req.get('if-none-match') === '"a"') return void res.status(304).end();
      res.cache?.tag('late');
      res.send('x');
    });
    await ask('/');
    clock.advance(11_000);
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
    await larder.cache.invalidate('late');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('stays as it was where the 304 is about another', async () => {
    const { ask, clock } = route(undefined, (req, res) => {
      const asked = req.get('if-none-match') !== undefined;
      res.set({ 'Cache-Control': 'max-age=10', ETag: asked ? '"other"' : '"a"' });
      if (asked) return void res.status(304).end();
      res.end('x');
    });
    await ask('/');
    clock.advance(11_000);
    const again = await ask('/');
    expect([text(again), again.headers.etag, status(again)]).toEqual([
      'x',
      '"a"',
      'Larder; fwd=stale; fwd-status=304; detail=other-validator',
    ]);
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('is not stored anew under a 304 that forbids it, whose fields its client gets all the same', async () => {
    const { ask, clock } = route(undefined, (req, res) => {
      res.set({ 'Cache-Control': 'max-age=10', ETag: '"a"' });
      if (req.get('if-none-match') !== '"a"') return void res.end('x');
      res.set('Set-Cookie', 'sid=1').status(304).end();
    });
    await ask('/');
    clock.advance(11_000);
    const again = await ask('/');
    expect([text(again), again.headers['set-cookie']]).toEqual(['x', ['sid=1']]);
    expect(status(again)).toContain('detail=set-cookie');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('is not asked about once it is invalidated', async () => {
    const { ask, clock, conditions, larder } = validated();
    await ask('/');
    clock.advance(11_000);
    await larder.cache.invalidateAll();
    await ask('/');
    expect(conditions[1]).toEqual([undefined, undefined]);
  });

  it('works with what Express itself answers to a condition', async () => {
    const { ask, clock } = route(10, (_, res) => void res.json({ a: 1 }));
    await ask('/');
    clock.advance(11_000);
    const again = await ask('/');
    expect([again.status, text(again), status(again)]).toEqual([
      200,
      '{"a":1}',
      'Larder; fwd=stale; fwd-status=304; stored',
    ]);
    expect(x(await ask('/'))).toBe('HIT');
  });
});

describe('a client’s If-Modified-Since', () => {
  it('is compared with Date where there is no Last-Modified (RFC 9111 §4.3.2)', async () => {
    const { ask, clock } = route(60, (_, res) => void res.end('x'));
    const made = new Date(clock.now());
    await ask('/');
    expect((await ask('/', { 'If-Modified-Since': made.toUTCString() })).status).toBe(304);
    const before = new Date(made.getTime() - 1000).toUTCString();
    expect((await ask('/', { 'If-Modified-Since': before })).status).toBe(200);
  });
});

describe('what is never fresh and may be used while it is revalidated (RFC 5861 §3)', () => {
  it('is given to all but the one who fetches anew', async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { ask, clock, runs } = route(undefined, async (_, res) => {
      if (runs.count === 2) await opened;
      res.set('Cache-Control', 'max-age=0, stale-while-revalidate=60').end('x');
    });
    await ask('/');
    clock.advance(1_000);
    const fetching = ask('/');
    await expect.poll(() => runs.count).toBe(2);
    expect(x(await ask('/'))).toBe('STALE');
    expect(x(await ask('/', { 'Cache-Control': 'only-if-cached' }))).toBe('STALE');
    open();
    await fetching;
  });
});

describe('a failure', () => {
  it('is not covered for who wanted nothing unvalidated (§5.2.1.4)', async () => {
    const { ask, runs } = route({ requestDirectives: 'honour' }, (_, res) => {
      if (runs.count > 1) return void res.sendStatus(503);
      res.set('Cache-Control', 'max-age=60').end('x');
    });
    await ask('/');
    expect((await ask('/', { 'Cache-Control': 'no-cache' })).status).toBe(503);
    expect(x(await ask('/'))).toBe('HIT');
  });
});

describe('HEAD (RFC 9111 §4.3.5)', () => {
  const page = () => {
    const state = { body: 'first', etag: '"1"' };
    const made = shop((app, larder) => {
      app.get('/', larder.cacheResponse(), (req, res) => {
        res.set({ 'Cache-Control': 'max-age=10', ETag: state.etag, 'X-Method': req.method });
        res.set('Content-Length', String(state.body.length)).end(state.body);
      });
    });
    return { ...made, state };
  };

  it('is answered from what a GET stored, and stores nothing itself', async () => {
    const { ask } = page();
    expect(x(await ask('/', {}, 'HEAD'))).toBe('MISS');
    expect(x(await ask('/'))).toBe('MISS');
    const head = await ask('/', {}, 'HEAD');
    expect([x(head), head.headers['content-length'], head.body.length]).toEqual(['HIT', '5', 0]);
  });

  it('freshens what is stored and stale, if it is still the same', async () => {
    const { ask, clock } = page();
    await ask('/');
    clock.advance(11_000);
    expect(status(await ask('/', {}, 'HEAD'))).toBe('Larder; fwd=stale; fwd-status=200');
    const hit = await ask('/');
    expect([x(hit), text(hit), hit.headers['x-method']]).toEqual(['HIT', 'first', 'HEAD']);
  });

  it('puts out of date what is stored and has changed', async () => {
    const { ask, clock, state } = page();
    await ask('/');
    clock.advance(11_000);
    Object.assign(state, { body: 'second', etag: '"2"' });
    await ask('/', {}, 'HEAD');
    const next = await ask('/');
    expect([status(next), text(next)]).toEqual(['Larder; fwd=stale; fwd-status=200; stored', 'second']);
  });
});
