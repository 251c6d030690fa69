import { once } from 'node:events';
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { RequestHandler, Response } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Larder } from '../../src/index.ts';
import { exchange, later, route, type Shop, shop, text, x } from '../support/shop.ts';

const PICTURE = fileURLToPath(new URL('../support/picture.bin', import.meta.url));

/** What resolves when so many have come in all, and the cache has been asked for each. */
function arrivals({ server }: Shop): (count: number) => Promise<void> {
  let arrived = 0;
  server.on('request', () => {
    arrived += 1;
  });
  return async (count) => {
    await expect.poll(() => arrived).toBe(count);
    await new Promise((resolve) => setImmediate(resolve));
  };
}

function through(agent: Agent, { server }: Shop, path: string) {
  const { port } = server.address() as AddressInfo;
  return exchange({ host: '127.0.0.1', port, path, agent });
}

const visitors: RequestHandler = (req, res, next) => {
  if (!req.headers.cookie) res.cookie('visitor', '1');
  next();
};

describe('one odd client does not stop all others from sharing a response', () => {
  type Fields = Record<string, string>;
  const open = { ttl: 60, cookies: 'ignore' } as const;
  it.each<[who: string, odd: Fields, usual: Fields, before: (larder: Larder) => RequestHandler[]]>([
    ['who sends Authorization', { Authorization: 'junk' }, {}, (larder) => [larder.cacheResponse()]],
    ['who gets a cookie', {}, { Cookie: 'a=1' }, (larder) => [visitors, larder.cacheResponse(open)]],
    [
      'whom a policy nearer to the handler leaves alone',
      { Cookie: 'a=1' },
      {},
      (larder) => [larder.cacheResponse(open), larder.cacheResponse(60)],
    ],
  ])('%s', async (_who, odd, usual, before) => {
    const gate = later();
    let runs = 0;
    const made = shop((app, larder) => {
      app.get('/', ...before(larder), async (_req, res) => {
        runs += 1;
        await gate.promise;
        res.set('Cache-Control', 'max-age=60').send('x');
      });
    });
    const here = arrivals(made);
    const leader = made.ask('/', odd);
    await expect.poll(() => runs).toBe(1);
    const others = Array.from({ length: 20 }, () => made.ask('/', usual));
    await here(21);
    gate.resolve();
    expect((await Promise.all([leader, ...others])).map(text)).toEqual(Array(21).fill('x'));
    expect(runs).toBe(2);
  });

  it('who leaves, and whose handler then says nothing', async () => {
    let [runs, left] = [0, 0];
    const made = shop((app, larder) => {
      app.get('/', larder.cacheResponse(60), async (_req, res) => {
        runs += 1;
        if (runs > 1) return void res.send('x');
        await once(res, 'close');
        left += 1;
      });
    });
    const here = arrivals(made);
    await made.ask('/elsewhere');
    const agent = new Agent();
    through(agent, made, '/').catch(() => {});
    await expect.poll(() => runs).toBe(1);
    agent.destroy();
    await expect.poll(() => left).toBe(1);
    const follower = made.ask('/');
    await here(3);
    made.clock.advance(1000);
    expect(text(await follower)).toBe('x');
    await expect.poll(() => made.observer.of('request').length).toBe(2);
    expect(made.observer.of('request')[0]!.status).toMatchObject({ detail: 'client-gone' });
  });
});

describe('a run that was overtaken', () => {
  it('by an invalidation is nobody’s who comes after it, under nested policies either', async () => {
    const gate = later();
    let runs = 0;
    const made = shop((app, larder) => {
      app.use(larder.cacheResponse(60));
      app.get('/', larder.cacheResponse({ ttl: 60, tags: ['t'] }), async (_req, res) => {
        runs += 1;
        const run = runs;
        if (run === 1) await gate.promise;
        res.send(`run ${run}`);
      });
    });
    const here = arrivals(made);
    const before = made.ask('/');
    await expect.poll(() => runs).toBe(1);
    await made.larder.cache.invalidate('t');
    const after = made.ask('/');
    await here(2);
    gate.resolve();
    expect([text(await before), text(await after)]).toEqual(['run 1', 'run 2']);
    expect(text(await made.ask('/'))).toBe('run 2');
  });

  it('by a newer one, for it took longer than `fillTimeout`, does not replace what that has made', async () => {
    const gate = later();
    const { ask, clock, runs } = route({ ttl: 60, fillTimeout: 5 }, async (_req, res) => {
      const run = runs.count;
      if (run === 1) await gate.promise;
      res.send(`run ${run}`);
    });
    const first = ask('/');
    await expect.poll(() => runs.count).toBe(1);
    clock.advance(6000);
    expect(text(await ask('/'))).toBe('run 2');
    gate.resolve();
    expect(text(await first)).toBe('run 1');
    const after = await ask('/');
    expect([x(after), text(after)]).toEqual(['HIT', 'run 2']);
  });
});

describe('a stale response', () => {
  it.each<[string, (made: Shop) => unknown]>([
    ['past its window', ({ clock }) => clock.advance(41_000)],
    ['past an invalidation', ({ larder }) => larder.cache.invalidate('t')],
  ])('is for nobody %s, who has waited for a turn', async (_when, meanwhile) => {
    const gate = later();
    const runs = { page: 0, slow: 0 };
    const policy = { ttl: 10, staleWhileRevalidate: 20, revalidate: 'foreground', tags: ['t'] } as const;
    const made = shop(
      (app, larder) => {
        app.get('/', larder.cacheResponse(policy), (_req, res) => {
          runs.page += 1;
          res.send(`run ${runs.page}`);
        });
        app.get('/slow', larder.cacheResponse({ ttl: 10, fillTimeout: 300 }), async (_req, res) => {
          runs.slow += 1;
          await gate.promise;
          res.send('slow');
        });
      },
      { fills: { maxConcurrentFills: 1 } },
    );
    const here = arrivals(made);
    await made.ask('/');
    made.clock.advance(12_000);
    const slow = made.ask('/slow');
    await expect.poll(() => runs.slow).toBe(1);
    const waiting = made.ask('/');
    await here(3);
    await meanwhile(made);
    gate.resolve();
    await slow;
    expect(text(await waiting)).toBe('run 2');
  });

  it('ends with a 404 at first sight as with any other', async () => {
    const policy = { ttl: 10, staleIfError: 600, negativeTtl: 10 };
    const { ask, clock, runs } = route(policy, (_req, res) => {
      if (runs.count === 1) res.send('good');
      else res.sendStatus(runs.count === 2 ? 404 : 503);
    });
    await ask('/');
    clock.advance(12_000);
    expect([(await ask('/')).status, (await ask('/')).status]).toEqual([404, 503]);
  });

  it('that upstream refuses in place of a slow handler’s is told as an error, and the handler answers after all', async () => {
    const late = later<Response>();
    let refuses = false;
    const made = shop((app, larder) => {
      app.use((_req, res, next) => {
        const { writeHead } = res;
        const refuseOnce = (...args: [number]) => {
          if (!refuses) return writeHead.apply(res, args);
          refuses = false;
          throw new Error('refused');
        };
        next(void Object.assign(res, { writeHead: refuseOnce }));
      });
      app.get('/', larder.cacheResponse({ ttl: 10, staleIfError: 600, fillTimeout: 5 }), (_req, res) => {
        if (refuses) late.resolve(res);
        else res.send('good');
      });
    });
    await made.ask('/');
    refuses = true;
    made.clock.advance(20_000);
    const told = made.observer.next('error');
    const asking = made.ask('/');
    const res = await late.promise;
    made.clock.advance(6000);
    expect(await told).toMatchObject({ doing: 'stand in for a slow handler', error: { message: 'refused' } });
    res.send('late');
    expect(text(await asking)).toBe('late');
  });

  it.each<[string, (res: Response, failed: (error: unknown) => void) => void]>([
    ['fails', (_res, failed) => failed(new Error('the database timed out'))],
    ['sends a file', (res, failed) => res.sendFile(PICTURE, failed)],
  ])('stood in for a handler that %s late, and the client’s next request is not cut', async (_how, end) => {
    const [gate, done, release] = [later(), later(), later()];
    const runs = { page: 0, other: 0 };
    const sockets = new Set();
    const made = shop((app, larder) => {
      app.use((req, _res, next) => next(void sockets.add(req.socket)));
      app.get('/', larder.cacheResponse({ ttl: 10, staleIfError: 600 }), async (_req, res, next) => {
        runs.page += 1;
        if (runs.page === 1) return void res.send('good');
        await gate.promise;
        end(res, (error) => done.resolve(next(error)));
      });
      app.get('/other', async (_req, res) => {
        runs.other += 1;
        await release.promise;
        res.send('other');
      });
    });
    await made.ask('/');
    made.clock.advance(20_000);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const slow = through(agent, made, '/');
    await expect.poll(() => runs.page).toBe(2);
    made.clock.advance(31_000);
    expect(text(await slow)).toBe('good');
    const next = through(agent, made, '/other');
    await expect.poll(() => runs.other).toBe(1);
    gate.resolve();
    await done.promise;
    release.resolve();
    expect([text(await next), sockets.size]).toEqual(['other', 2]);
  });
});
