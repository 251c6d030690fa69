import { describe, expect, it } from 'vitest';
import { route, text, x } from '../support/shop.ts';

const detail = (answer: { headers: Record<string, unknown> }) =>
  /detail=([^;,]+)/.exec(String(answer.headers['cache-status']))?.[1];

const answering = (fields: Record<string, string>, status = 200) =>
  route(undefined, (_, res) => void res.status(status).set(fields).end('x'));

const date = (atMs: number) => new Date(atMs).toUTCString();

describe('cacheResponse() without a ttl goes by what the response says (RFC 9111 §4.2.1)', () => {
  it.each([
    ['max-age', { 'Cache-Control': 'max-age=60' }],
    ['s-maxage before max-age', { 'Cache-Control': 'max-age=0, s-maxage=60' }],
    [
      'its own field before all others (RFC 9213)',
      { 'Cache-Control': 'no-store', 'Larder-Cache-Control': 'max-age=60' },
    ],
    [
      'a CDN’s field before Cache-Control',
      { 'Cache-Control': 'no-store', 'CDN-Cache-Control': 'max-age=60' },
    ],
    [
      'Cache-Control where a targeted field cannot be read',
      { 'Cache-Control': 'max-age=60', 'CDN-Cache-Control': 'max-age=' },
    ],
    ['Expires', { Expires: date(Date.now() + 600_000) }],
    [
      'a tenth of its age, where it has nothing but Last-Modified',
      { 'Last-Modified': date(Date.now() - 86_400_000) },
    ],
    [
      'no-store beside must-understand, of a status that is understood',
      { 'Cache-Control': 'max-age=60, no-store, must-understand' },
    ],
  ])('%s', async (_, fields) => {
    const { ask } = answering(fields);
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it.each([
    ['no-freshness', {}],
    ['no-freshness', { 'Cache-Control': 'max-age=0' }],
    ['no-freshness', { Expires: '0' }],
    ['no-store', { 'Cache-Control': 'max-age=60', 'CDN-Cache-Control': 'no-store' }],
    ['no-store', { 'CDN-Cache-Control': 'max-age=60', 'Larder-Cache-Control': 'no-store' }],
    ['no-cache', { 'Cache-Control': 'no-cache, max-age=60' }],
  ])('and is not kept for %s: %j', async (reason, fields) => {
    const { ask } = answering(fields);
    expect(detail(await ask('/'))).toBe(reason);
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('its own field is for nobody else', async () => {
    const { ask } = answering({ 'Larder-Cache-Control': 'max-age=60' });
    const [first, second] = [await ask('/'), await ask('/')];
    expect([
      x(second),
      first.headers['larder-cache-control'],
      second.headers['larder-cache-control'],
    ]).toEqual(['HIT', undefined, undefined]);
  });

  it('and outlives a 304 that does not repeat it', async () => {
    const { ask, clock } = route(undefined, (req, res) => {
      res.set('ETag', '"a"');
      if (req.get('if-none-match') !== undefined) return void res.status(304).end();
      res.set('Larder-Cache-Control', 'max-age=10').end('x');
    });
    await ask('/');
    clock.advance(11_000);
    await ask('/');
    clock.advance(9_000);
    expect(x(await ask('/'))).toBe('HIT');
  });

  it.each([204, 300, 301, 302, 307, 308, 400, 404, 405, 410, 414, 451, 500, 501, 503, 599])(
    'a %i that says how long it is fresh is kept as it is (§3)',
    async (status) => {
      const { ask, runs } = answering({ 'Cache-Control': 'max-age=60', 'X-A': '1' }, status);
      const [first, second] = [await ask('/'), await ask('/')];
      expect([x(second), second.status, text(second), second.headers['x-a'], runs.count]).toEqual([
        'HIT',
        status,
        text(first),
        '1',
        1,
      ]);
    },
  );

  it.each([404, 410, 301])('a %i that says nothing of it is not', async (status) => {
    const { ask } = answering({ 'Last-Modified': date(Date.now() - 86_400_000) }, status);
    await ask('/');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('an unknown status that must be understood is not (§5.2.2.3)', async () => {
    const { ask } = answering({ 'Cache-Control': 'max-age=60, must-understand' }, 599);
    expect(detail(await ask('/'))).toBe('must-understand');
  });

  it('its Age on arrival counts, and its Date (§4.2.3)', async () => {
    const { ask, clock } = answering({ 'Cache-Control': 'max-age=60', Age: '40' });
    await ask('/');
    const hit = await ask('/');
    expect([x(hit), hit.headers.age]).toEqual(['HIT', '40']);
    clock.advance(20_000);
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('fields that no-cache names are left out of what is stored (§5.2.2.4)', async () => {
    const { ask } = answering({
      'Cache-Control': 'max-age=60, no-cache="X-Fresh"',
      'X-Fresh': '1',
      'X-Kept': '2',
    });
    await ask('/');
    const hit = await ask('/');
    expect([x(hit), hit.headers['x-fresh'], hit.headers['x-kept']]).toEqual(['HIT', undefined, '2']);
  });

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=10'])(
    'with %s nothing stale covers a failure (§4.2.4)',
    async (directive) => {
      const failing = (control: string) =>
        route(undefined, (_, res) => {
          if (made.runs.count > 1) return void res.sendStatus(503);
          res.set('Cache-Control', control).send('good');
        });
      let made = failing(`max-age=10, stale-if-error=60, ${directive}`);
      await made.ask('/');
      made.clock.advance(11_000);
      expect((await made.ask('/')).status).toBe(503);
      made = failing('max-age=10, stale-if-error=60');
      await made.ask('/');
      made.clock.advance(11_000);
      expect(text(await made.ask('/'))).toBe('good');
    },
  );
});

describe('in { ttl } mode', () => {
  it('what the handler says to this cache by name comes before the route’s ttl', async () => {
    const { ask, clock } = route(
      600,
      (_, res) => void res.set('Larder-Cache-Control', 'max-age=5').send('x'),
    );
    await ask('/');
    clock.advance(4_000);
    expect(x(await ask('/'))).toBe('HIT');
    clock.advance(2_000);
    expect((await ask('/')).headers['cache-status']).toContain('fwd=stale');
  });

  it('and may allow what is forbidden to everybody else', async () => {
    const { ask } = route(60, (_, res) => {
      res.set({ 'Cache-Control': 'private, no-store', 'Larder-Cache-Control': 'max-age=60' }).send('x');
    });
    await ask('/');
    expect(x(await ask('/'))).toBe('HIT');
  });
});

describe('Authorization (RFC 9111 §3.5)', () => {
  const asking = { Authorization: 'Bearer a' };

  it.each(['public', 's-maxage=60', 'must-revalidate'])(
    '%s makes a response one for everybody',
    async (directive) => {
      const { ask } = answering({ 'Cache-Control': `max-age=60, ${directive}` });
      await ask('/', asking);
      expect([x(await ask('/', { Authorization: 'Bearer b' })), x(await ask('/'))]).toEqual(['HIT', 'HIT']);
    },
  );

  it('without one of them a response to credentials is not stored', async () => {
    const { ask } = answering({ 'Cache-Control': 'max-age=60' });
    expect(detail(await ask('/', asking))).toBe('authorization');
    expect(x(await ask('/'))).toBe('MISS');
  });

  it('nor does what was made for nobody in particular answer them', async () => {
    const { ask } = answering({ 'Cache-Control': 'max-age=60' });
    await ask('/');
    const mine = await ask('/', asking);
    expect(mine.headers['cache-status']).toBe('Larder; fwd=request; fwd-status=200; detail=authorization');
    expect(x(await ask('/'))).toBe('HIT');
  });

  it('a handler that reads them keeps its response from all who send them, whatever it says', async () => {
    const { ask } = route(undefined, (req, res) => {
      res.set('Cache-Control', 'public, max-age=60').send(req.get('authorization') ?? 'nobody');
    });
    expect([text(await ask('/')), x(await ask('/'))]).toEqual(['nobody', 'HIT']);
    const mine = await ask('/', asking);
    expect([text(mine), detail(mine)]).toEqual(['Bearer a', 'unkeyed-authorization']);
    expect(text(await ask('/'))).toBe('nobody');
  });

  it('never matters with a ttl: such a request bypasses', async () => {
    const { ask } = route(60, (_, res) => void res.set('Cache-Control', 'public').send('x'));
    await ask('/');
    expect(x(await ask('/', asking))).toBe('BYPASS');
  });
});

describe('a request’s own directives (RFC 9111 §5.2.1)', () => {
  const page = (requestDirectives: 'ignore' | 'honour') =>
    route({ requestDirectives }, (_, res) => {
      res.set('Cache-Control', 'max-age=60').end('x');
    });
  const says = (value: string) => ({ 'Cache-Control': value });

  it.each(['no-cache', 'max-age=0', 'max-age=10', 'min-fresh=50'])(
    '%s is honoured where the policy says so',
    async (value) => {
      const { ask, clock } = page('honour');
      await ask('/');
      clock.advance(20_000);
      const answer = await ask('/', says(value));
      expect(answer.headers['cache-status']).toBe('Larder; fwd=request; fwd-status=200; stored');
      expect((await ask('/')).headers.age).toBe('0');
    },
  );

  it('and is heeded by nobody otherwise, for anyone could make the handler work', async () => {
    const { ask, clock } = page('ignore');
    await ask('/');
    clock.advance(20_000);
    for (const value of ['no-cache', 'max-age=0', 'max-age=10', 'min-fresh=50'])
      expect(x(await ask('/', says(value)))).toBe('HIT');
    expect(x(await ask('/', { Pragma: 'no-cache' }))).toBe('HIT');
  });

  it('Pragma counts where there is no Cache-Control (§5.4)', async () => {
    const { ask } = page('honour');
    await ask('/');
    expect((await ask('/', { Pragma: 'no-cache' })).headers['cache-status']).toContain('fwd=request');
    expect(x(await ask('/', { Pragma: 'no-cache', 'Cache-Control': 'max-age=60' }))).toBe('HIT');
  });

  it('max-stale takes what is stale', async () => {
    const { ask, clock } = route({ requestDirectives: 'honour' }, (_, res) => {
      res.set({ 'Cache-Control': 'max-age=60', ETag: '"a"' }).end('x');
    });
    await ask('/');
    clock.advance(70_000);
    expect((await ask('/', says('max-stale=20'))).headers['cache-status']).toBe('Larder; hit; ttl=-10');
    expect(x(await ask('/', says('max-stale')))).toBe('STALE');
    expect((await ask('/', says('max-stale=5'))).headers['cache-status']).toContain('fwd=stale');
  });

  it.each(['ignore', 'honour'] as const)(
    'only-if-cached gets what is stored or 504, whatever the policy says (%s)',
    async (rule) => {
      const { ask, runs } = page(rule);
      const none = await ask('/', says('only-if-cached'));
      expect([none.status, none.headers['cache-status'], runs.count]).toEqual([
        504,
        'Larder; detail=only-if-cached',
        0,
      ]);
      await ask('/');
      expect([x(await ask('/', says('only-if-cached'))), runs.count]).toEqual(['HIT', 1]);
    },
  );
});
