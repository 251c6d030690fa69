import { describe, expect, it } from 'vitest';
import { later, route, shop, text, x } from './support/shop.ts';

/** A route whose handler waits, for each run, until the test lets it go on. */
function gated(policy: Parameters<typeof route>[0], options: Parameters<typeof route>[2] = {}) {
  const waiting: ((answer: (res: import('express').Response) => void) => void)[] = [];
  const made = route(
    policy,
    async (_req, res) => {
      const answer = await new Promise<(res: import('express').Response) => void>((go) => waiting.push(go));
      answer(res);
    },
    options,
  );
  let arrived = 0;
  made.server.on('request', () => {
    arrived += 1;
  });
  /** So many have come in all, and the cache has been asked for each. */
  const here = async (count: number) => {
    await expect.poll(() => arrived).toBe(count);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { ...made, waiting, here };
}

describe('followers of a response that is for nobody else', () => {
  it('run their handlers all at once, and so do those who come within two minutes', async () => {
    const { ask, clock, waiting, runs, here } = gated(60);
    const first = Array.from({ length: 20 }, () => ask('/'));
    await here(20);
    await expect.poll(() => runs.count).toBe(1);
    waiting.shift()!((res) => void res.set('Cache-Control', 'private').send('one’s own'));
    await expect.poll(() => waiting.length).toBe(19);
    for (const go of waiting.splice(0)) go((res) => void res.set('Cache-Control', 'private').send('own'));
    await Promise.all(first);
    const later = Array.from({ length: 5 }, () => ask('/'));
    await expect.poll(() => waiting.length).toBe(5);
    for (const go of waiting.splice(0)) go((res) => void res.set('Cache-Control', 'private').send('own'));
    await Promise.all(later);
    clock.advance(120_000);
    const queueing = Array.from({ length: 5 }, () => ask('/'));
    await here(30);
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('everybody’s'));
    expect(new Set((await Promise.all(queueing)).map(text))).toEqual(new Set(['everybody’s']));
    expect(runs.count).toBe(26);
  });

  it('queue again as soon as one of them could be stored', async () => {
    const { ask, larder, waiting, runs } = gated({ ttl: 60, tags: ['t'] });
    const first = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.set('Cache-Control', 'no-store').send('x'));
    await first;
    const second = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('x'));
    await second;
    await larder.cache.invalidate('t');
    const third = [ask('/'), ask('/'), ask('/')];
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('x'));
    await Promise.all(third);
    expect(runs.count).toBe(3);
  });

  it('are not held back for a body that was too large the last time', async () => {
    const { ask, runs } = route({ ttl: 60, maxBodyBytes: 10 }, (_req, res) => void res.send('x'.repeat(100)));
    expect((await ask('/')).headers['cache-status']).toContain('detail=too-large');
    const again = await ask('/');
    expect([again.headers['cache-status'], text(again).length, runs.count]).toEqual([
      'Larder; fwd=uri-miss; detail=too-large',
      100,
      2,
    ]);
  });
});

describe('followers of a handler that fails', () => {
  it('go on in batches that double, each with an error of its own', async () => {
    const { ask, waiting, runs, here } = gated(60);
    const asking = Array.from({ length: 16 }, () => ask('/'));
    const batches: number[] = [];
    await here(16);
    while (runs.count < 16) {
      const before = runs.count - waiting.length;
      const expected = Math.min(batches.length === 0 ? 1 : 2 ** (batches.length - 1), 16 - before);
      await expect.poll(() => waiting.length).toBe(expected);
      batches.push(waiting.length);
      for (const go of waiting.splice(0)) go((res) => void res.status(500).send(`failed ${runs.count}`));
    }
    expect(batches).toEqual([1, 1, 2, 4, 8]);
    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual(Array(16).fill(500));
  });

  it('have what the first of them makes that does not', async () => {
    const { ask, waiting, runs, here } = gated(60);
    const asking = Array.from({ length: 50 }, () => ask('/'));
    await here(50);
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.status(503).send('down'));
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('up'));
    const statuses = (await Promise.all(asking)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 503)).toHaveLength(1);
    expect(runs.count).toBe(2);
  });

  it('have the stale response, where there is one', async () => {
    const { ask, clock, waiting, runs, here } = gated({ ttl: 10, staleIfError: 100 });
    const first = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('good'));
    await first;
    clock.advance(20_000);
    const asking = Array.from({ length: 10 }, () => ask('/'));
    await here(11);
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.status(502).send('bad'));
    const answers = await Promise.all(asking);
    expect(answers.map((answer) => [x(answer), text(answer)].join())).toEqual(Array(10).fill('STALE,good'));
    expect(answers.filter((answer) => answer.headers['cache-status']?.includes('collapsed'))).not.toEqual([]);
    expect(runs.count).toBe(2);
  });
});

describe('a handler that does not answer', () => {
  it('holds up nobody for longer than a request waits', async () => {
    const { ask, clock, waiting, runs } = gated(60, { fills: { waitTimeout: 3 } });
    const hung = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    const follower = ask('/');
    await expect
      .poll(() => {
        clock.advance(1000);
        return waiting.length;
      })
      .toBe(2);
    waiting[1]!((res) => void res.send('second'));
    expect(text(await follower)).toBe('second');
    expect(x(await ask('/'))).toBe('HIT');
    waiting[0]!((res) => void res.send('first'));
    expect([text(await hung), runs.count]).toEqual(['first', 2]);
  });

  it('is stood in for by a stale response after `fillTimeout`, and what it says later is nobody’s error', async () => {
    const { ask, clock, waiting, observer } = gated({ ttl: 10, staleIfError: 100, fillTimeout: 5 });
    const first = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('good'));
    await first;
    clock.advance(20_000);
    const slow = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    clock.advance(5000);
    const answer = await slow;
    expect([answer.status, x(answer), text(answer), answer.headers['cache-status']]).toEqual([
      200,
      'STALE',
      'good',
      'Larder; fwd=stale; ttl=-15; detail=stale-if-slow',
    ]);
    waiting.shift()!((res) => void res.set('X-Late', '1').status(201).json({ late: true }));
    expect(observer.of('error')).toEqual([]);
    expect(observer.of('request')).toHaveLength(2);
  });

  it('is not stood in for by what was invalidated meanwhile', async () => {
    const { ask, clock, larder, waiting } = gated({
      ttl: 10,
      staleIfError: 100,
      fillTimeout: 5,
      tags: ['t'],
    });
    const first = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('old'));
    await first;
    clock.advance(20_000);
    const slow = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    await larder.cache.invalidate('t');
    clock.advance(5000);
    waiting.shift()!((res) => void res.send('new'));
    expect(text(await slow)).toBe('new');
  });

  it('gives way after `softTimeout`, and what it makes later is kept', async () => {
    const { ask, clock, waiting, observer, runs } = gated({ ttl: 10, staleIfError: 100, softTimeout: 0.2 });
    const first = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('old'));
    await first;
    clock.advance(20_000);
    const asking = [ask('/'), ask('/'), ask('/')];
    await expect.poll(() => waiting.length).toBe(1);
    const stale: string[] = [];
    for (const answer of asking) answer.then((got) => stale.push(`${x(got)} ${text(got)}`));
    await expect
      .poll(() => {
        clock.advance(200);
        return stale;
      })
      .toEqual(Array(3).fill('STALE old'));
    const refreshed = observer.next('refresh');
    waiting.shift()!((res) => void res.send('new'));
    expect(await refreshed).toMatchObject({ reason: 'slow', outcome: 'stored' });
    expect([x(await ask('/')), text(await ask('/')), runs.count]).toEqual(['HIT', 'new', 2]);
  });

  it('gives way after `softTimeout` also while failures are paused for', async () => {
    const { ask, clock, waiting, observer } = gated({ ttl: 10, staleIfError: 100, softTimeout: 0.2 });
    const first = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('old'));
    await first;
    clock.advance(20_000);
    const failed = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    const refreshed = observer.next('refresh');
    waiting.shift()!((res) => void res.status(503).send('down'));
    expect([(await refreshed).outcome, text(await failed)]).toEqual(['failed', 'old']);
    const stale: string[] = [];
    ask('/').then((got) => stale.push(text(got)));
    await expect.poll(() => waiting.length).toBe(1);
    await expect
      .poll(() => {
        clock.advance(200);
        return stale;
      })
      .toEqual(['old']);
    const again = observer.next('refresh');
    waiting.shift()!((res) => void res.send('new'));
    expect([(await again).outcome, text(await ask('/'))]).toEqual(['stored', 'new']);
  });

  it('in time for `softTimeout` is waited for', async () => {
    const { ask, clock, waiting } = gated({ ttl: 10, staleIfError: 100, softTimeout: 5 });
    const first = ask('/');
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('old'));
    await first;
    clock.advance(20_000);
    const asking = [ask('/'), ask('/')];
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!((res) => void res.send('new'));
    expect((await Promise.all(asking)).map(text)).toEqual(['new', 'new']);
  });
});

describe('fills of many keys', () => {
  it('are so many at a time and no more, and keys take turns', async () => {
    const waiting: { path: string; go: () => void }[] = [];
    let most = 0;
    const { ask } = shop(
      (app, larder) => {
        app.use(larder.cacheResponse(60));
        app.use(async (req, res) => {
          await new Promise<void>((go) => waiting.push({ path: req.path, go }));
          res.send(req.path);
        });
      },
      { fills: { maxConcurrentFills: 3 } },
    );
    const asking = Array.from({ length: 30 }, (_, i) => ask(`/${i}`));
    let done = 0;
    while (done < 30) {
      await expect.poll(() => waiting.length).toBe(Math.min(3, 30 - done));
      most = Math.max(most, waiting.length);
      done += 1;
      waiting.shift()!.go();
    }
    await Promise.all(asking);
    expect(most).toBe(3);
  });

  it('do not wait for what they load on their way', async () => {
    const { ask } = shop(
      (app, larder) => {
        app.get('/:id', larder.cacheResponse(60), async (req, res) => {
          const value = await larder.withCache(`value ${req.params.id}`, 60, async () => 'loaded');
          res.send(value);
        });
        app.get('/plain/:id', async (_req, res) => {
          res.send(await larder.withCache('value 1', 60, async () => 'loaded'));
        });
      },
      { fills: { maxConcurrentFills: 1 } },
    );
    const answers = await Promise.all([ask('/1'), ask('/2'), ask('/plain/1'), ask('/3')]);
    expect(answers.map(text)).toEqual(Array(4).fill('loaded'));
  });
});

describe('a resource that is not there', () => {
  const missing = (more: object = {}) =>
    shop((app, larder) => {
      app.get('/:id', larder.cacheResponse({ ttl: 600, negativeTtl: 5, ...more }), (req, res) => {
        res.status(req.params.id === 'gone' ? 410 : 404).send('nothing');
      });
    });

  it.each(['/none', '/gone'])(
    'is kept for its own time, from when it is asked for twice: %s',
    async (path) => {
      const { ask, clock } = missing();
      const first = await ask(path);
      expect([x(first), first.headers['cache-status']]).toEqual([
        'MISS',
        expect.stringMatching(/^Larder; fwd=uri-miss; fwd-status=4\d\d; detail=first-sight$/),
      ]);
      expect([x(await ask(path)), x(await ask(path))]).toEqual(['MISS', 'HIT']);
      clock.advance(5000);
      expect(x(await ask(path))).toBe('MISS');
    },
  );

  it('fills nothing where ids are made up', async () => {
    const { ask, observer } = missing();
    await Promise.all(Array.from({ length: 200 }, (_, i) => ask(`/made-up-${i}`)));
    expect(observer.of('store')).toEqual([]);
  });

  it('is shared by those who ask at the same time, at first sight too', async () => {
    const gate = later();
    let runs = 0;
    let arrived = 0;
    const { ask } = shop((app, larder) => {
      app.use((_req, _res, next) => {
        arrived += 1;
        next();
      });
      app.get('/', larder.cacheResponse({ ttl: 600, negativeTtl: 5 }), async (_req, res) => {
        runs += 1;
        await gate.promise;
        res.sendStatus(404);
      });
    });
    const asking = Array.from({ length: 10 }, () => ask('/'));
    await expect.poll(() => arrived).toBe(10);
    gate.resolve();
    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual(Array(10).fill(404));
    expect(runs).toBe(1);
  });

  it('is not served stale, and falls with a tag', async () => {
    const { ask, clock, larder } = missing({ staleWhileRevalidate: 600, staleIfError: 600, tags: ['t'] });
    for (let i = 0; i < 2; i += 1) await ask('/x');
    expect(x(await ask('/x'))).toBe('HIT');
    await larder.cache.invalidate('t');
    expect([x(await ask('/x')), x(await ask('/x'))]).toEqual(['MISS', 'HIT']);
    clock.advance(6000);
    expect(x(await ask('/x'))).toBe('MISS');
  });

  it('is not kept without a `negativeTtl`', async () => {
    const { ask } = route(600, (_req, res) => void res.sendStatus(404));
    for (let i = 0; i < 3; i += 1)
      expect((await ask('/')).headers['cache-status']).toContain('detail=status');
  });
});
