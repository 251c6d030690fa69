import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { route, text, x } from './support/shop.ts';

const gate = () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
};

describe('stale-while-revalidate', () => {
  it('gives every client the stale response at once, and runs the handler once behind it', async () => {
    const { open, opened } = gate();
    const { ask, clock, observer, runs } = route({ ttl: 10, staleWhileRevalidate: 20 }, async (_, res) => {
      const run = runs.count;
      if (run === 2) await opened;
      res.send(String(run));
    });
    await ask('/');
    clock.advance(12_000);
    const stale = await Promise.all(Array.from({ length: 10 }, () => ask('/')));
    expect(
      new Set(stale.map((answer) => [x(answer), text(answer), answer.headers['cache-status']].join())),
    ).toEqual(new Set(['STALE,1,Larder; hit; ttl=-2']));
    const refreshed = observer.next('refresh');
    open();
    expect(await refreshed).toMatchObject({ route: '/', reason: 'stale', outcome: 'stored' });
    const after = await ask('/');
    expect([x(after), text(after), runs.count]).toEqual(['HIT', '2', 2]);
    expect(observer.of('request')).toHaveLength(12);
  });

  it('lets one client fetch anew where the policy wants none to run unseen, and all others have the stale one', async () => {
    const { open, opened } = gate();
    const { ask, clock, runs } = route(
      { ttl: 10, staleWhileRevalidate: 20, revalidate: 'foreground' },
      async (_, res) => {
        const run = runs.count;
        if (run === 2) await opened;
        res.send(String(run));
      },
    );
    await ask('/');
    clock.advance(12_000);
    const fetching = ask('/');
    await expect.poll(() => runs.count).toBe(2);
    expect([x(await ask('/')), text(await ask('/'))]).toEqual(['STALE', '1']);
    open();
    const fetched = await fetching;
    expect([x(fetched), text(fetched), fetched.headers['cache-status']]).toEqual([
      'MISS',
      '2',
      'Larder; fwd=stale; fwd-status=200; stored',
    ]);
    const after = await ask('/');
    expect([x(after), text(after), runs.count]).toEqual(['HIT', '2', 2]);
  });

  it('ends with its window', async () => {
    const { ask, clock } = route({ ttl: 10, staleWhileRevalidate: 20 }, (_, res) => void res.send('x'));
    await ask('/');
    clock.advance(30_000);
    expect((await ask('/')).headers['cache-status']).toContain('fwd=stale');
  });

  it('ends with an invalidation', async () => {
    const { ask, clock, larder, runs } = route(
      { ttl: 10, staleWhileRevalidate: 20, tags: ['t'] },
      (_, res) => {
        res.send(String(runs.count));
      },
    );
    await ask('/');
    clock.advance(12_000);
    await larder.cache.invalidate('t');
    expect(text(await ask('/'))).toBe('2');
  });
});

describe('stale-if-error', () => {
  const failing = (fail: (status: number) => Parameters<typeof route>[1]) => (status: number) => {
    const made = route({ ttl: 10, staleIfError: 60, tags: ['t'] }, (req, res, next) => {
      if (made.runs.count === 1) return void res.set('X-Good', '1').send('good');
      return fail(status)(req, res, next);
    });
    return made;
  };

  it.each([500, 502, 503, 504])('covers a %i', async (status) => {
    const { ask, clock, observer } = failing(
      (s) => (_, res) => void res.set('X-Bad', '1').status(s).send('bad'),
    )(status);
    await ask('/');
    clock.advance(20_000);
    const covered = await ask('/');
    expect([covered.status, text(covered), x(covered)]).toEqual([200, 'good', 'STALE']);
    expect([covered.headers['x-good'], covered.headers['x-bad']]).toEqual(['1', undefined]);
    expect(covered.message).toBe('OK');
    expect(covered.headers['cache-status']).toBe(
      `Larder; fwd=stale; fwd-status=${status}; detail=stale-if-error`,
    );
    expect(observer.of('request').at(-1)?.status).toMatchObject({ fwd: 'stale', detail: 'stale-if-error' });
  });

  it('covers a handler that throws, and one that streams its failure', async () => {
    for (const fail of [
      () => () => {
        throw Object.assign(new Error('database'), { status: 500, expose: false });
      },
      (status: number) => (_: unknown, res: import('express').Response) => {
        res.status(status);
        res.write('first,');
        res.end('second');
      },
    ] as Parameters<typeof failing>[0][]) {
      const { ask, clock } = failing(fail)(503);
      await ask('/');
      clock.advance(20_000);
      const covered = await ask('/');
      expect([covered.status, text(covered)]).toEqual([200, 'good']);
    }
  });

  it('lets go of a source that was piping the failure', async () => {
    let drained = () => {};
    const end = new Promise<void>((resolve) => {
      drained = resolve;
    });
    const { ask, clock } = failing(() => (_, res) => {
      const source = Readable.from(Array(100).fill(Buffer.alloc(10_000)));
      source.once('end', drained);
      res.status(502);
      source.pipe(res);
    })(502);
    await ask('/');
    clock.advance(20_000);
    expect(text(await ask('/'))).toBe('good');
    await end;
  });

  it.each([404, 501])('does not cover a %i', async (status) => {
    const { ask, clock } = failing((s) => (_, res) => void res.sendStatus(s))(status);
    await ask('/');
    clock.advance(20_000);
    expect((await ask('/')).status).toBe(status);
  });

  it('does not cover anything after its window, or after an invalidation', async () => {
    const late = failing((s) => (_, res) => void res.sendStatus(s))(503);
    await late.ask('/');
    late.clock.advance(70_000);
    expect((await late.ask('/')).status).toBe(503);
    const gone = failing((s) => (_, res) => void res.sendStatus(s))(503);
    await gone.ask('/');
    await gone.larder.cache.invalidate('t');
    expect((await gone.ask('/')).status).toBe(503);
  });
});
