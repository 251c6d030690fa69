import { describe, expect, it } from 'vitest';
import type { LarderOptions } from '../../src/index.ts';
import { route, type Shop, shop, text, x } from '../support/shop.ts';

/** What the memory tier holds, by what it has said of itself. */
function held({ observer }: Pick<Shop, 'observer'>) {
  const stored = observer.of('store');
  const removed = observer.of('remove');
  const sum = (events: readonly { bytes: number }[]) => events.reduce((all, { bytes }) => all + bytes, 0);
  return {
    entries: stored.length - removed.length,
    bytes: sum(stored) - sum(removed),
    stored: stored.length,
  };
}

const page = 'x'.repeat(500);
const random = (n: number) =>
  Array.from({ length: n }, (_, i) => `/?r=${((i * 7919) % 104_729).toString(36)}`);

describe('any number of URLs', () => {
  const paged = (memory: LarderOptions['memory']) => route(60, (_, res) => void res.send(page), { memory });

  it('leaves memory within its bytes', async () => {
    const made = paged({ maxBytes: 20_000 });
    for (const target of random(100)) {
      await made.ask(target);
      expect(held(made).bytes).toBeLessThanOrEqual(20_000);
    }
    expect(held(made).stored).toBe(100);
    expect(held(made).entries).toBeLessThan(20);
  });

  it('leaves memory within its entries', async () => {
    const made = paged({ maxEntries: 10 });
    for (const target of random(100)) {
      await made.ask(target);
      expect(held(made).entries).toBeLessThanOrEqual(10);
    }
  });

  it('counts long targets, fields and tags as well as bodies', async () => {
    const made = route(
      { ttl: 60, tags: ({ query }) => [`t${query.r}`.slice(0, 512)] },
      (req, res) => {
        res.set('X-Echo', String(req.query.r)).send('x');
      },
      { memory: { maxBytes: 100_000 } },
    );
    for (let i = 0; i < 40; i += 1) {
      await made.ask(`/?r=${i}${'long'.repeat(1000)}`);
      expect(held(made).bytes).toBeLessThanOrEqual(100_000);
    }
    expect(held(made).entries).toBeLessThan(12);
  });

  it('does not drive out what is asked for all the time', async () => {
    const made = paged({ maxEntries: 10 });
    await made.ask('/');
    for (const target of random(50)) {
      await made.ask(target);
      expect(x(await made.ask('/'))).toBe('HIT');
    }
  });

  it('is one entry where the app’s own key says so', async () => {
    const made = route({ ttl: 60, key: () => 'page' }, (_, res) => void res.send(page));
    for (const target of random(20)) await made.ask(target);
    expect(held(made).stored).toBe(1);
  });

  it('of unsafe requests takes no memory either', async () => {
    const made = shop((app, larder) => {
      app.use(larder.cacheResponse(60));
      app.use((_, res) => void res.send(page));
    });
    await made.ask('/kept');
    for (const target of random(50)) await made.ask(target, {}, 'POST');
    expect([held(made).stored, x(await made.ask('/kept'))]).toEqual([1, 'HIT']);
  });
});

describe('one URL', () => {
  it('has 64 variants at most, whatever clients send', async () => {
    const made = route(60, (req, res) => void res.vary('X-Any').send(req.get('x-any')));
    for (let i = 0; i < 100; i += 1) await made.ask('/', { 'X-Any': `v${i}` });
    const kept: string[] = [];
    for (let i = 0; i < 100; i += 1) {
      const answer = await made.ask('/', { 'X-Any': `v${i}`, 'Cache-Control': 'only-if-cached' });
      if (answer.status === 200) kept.push(text(answer));
    }
    expect(kept).toEqual(Array.from({ length: 64 }, (_, i) => `v${i + 36}`));
  });

  it('has variants in as many bytes as there are, with however long fields', async () => {
    const made = route(60, (_, res) => void res.vary('X-Any').send('x'), { memory: { maxBytes: 100_000 } });
    for (let i = 0; i < 40; i += 1) {
      await made.ask('/', { 'X-Any': `${i}${'long'.repeat(1000)}` });
      expect(held(made).bytes).toBeLessThanOrEqual(100_000);
    }
  });

  it('varies by 8 fields at most, be it one response after the other', async () => {
    const { ask } = route(
      { ttl: 60, reads: 'vary' },
      (req, res) => void res.send(req.get(String(req.query.by)) ?? 'none'),
    );
    const all = route({ ttl: 60, key: () => 'one', reads: 'vary' }, (req, res) => {
      res.send(req.get(String(req.query.by)) ?? 'none');
    });
    for (let i = 0; i < 8; i += 1)
      expect((await all.ask(`/?by=x-${i}`, { 'X-0': `${i}` })).headers['cache-status']).toContain('stored');
    const ninth = await all.ask('/?by=x-8', { 'X-0': 'ninth', 'X-8': 'evil' });
    expect([ninth.headers['cache-status'], text(ninth)]).toEqual([
      expect.stringContaining('detail=vary-too-many'),
      'evil',
    ]);
    expect(text(await ask('/?by=x-8'))).toBe('none');
  });

  it('is not kept where it is larger than the policy or the memory allows, and comes whole all the same', async () => {
    for (const [policy, options] of [
      [{ ttl: 60, maxBodyBytes: 499 }, {}],
      [{ ttl: 60 }, { memory: { maxBytes: 400 } }],
    ] as const) {
      const made = route(policy, (_, res) => void res.send(page), options);
      for (let i = 0; i < 2; i += 1)
        expect([text(await made.ask('/')), held(made).stored]).toEqual([page, 0]);
    }
  });
});

/** A handler that ends when it is told to, for each target. */
function slow(fills: LarderOptions['fills']) {
  const waiting: (() => void)[] = [];
  const runs = { count: 0, arrived: 0 };
  const made = shop(
    (app, larder) => {
      app.use((_req, _res, next) => {
        runs.arrived += 1;
        next();
      });
      app.use(larder.cacheResponse(60));
      app.use(async (req, res) => {
        runs.count += 1;
        await new Promise<void>((resolve) => waiting.push(resolve));
        res.send(req.originalUrl);
      });
    },
    { fills },
  );
  const open = () => {
    for (const go of waiting.splice(0)) go();
  };
  return { ...made, runs, open };
}

describe('slow handlers', () => {
  it('beyond the ceiling are waited for by nobody, and answer all the same', async () => {
    const { ask, runs, open } = slow({ maxFlights: 2 });
    const targets = ['/a', '/b', '/c', '/d'];
    const leading: ReturnType<typeof ask>[] = [];
    for (const [i, target] of targets.entries()) {
      leading.push(ask(target));
      await expect.poll(() => runs.count).toBe(i + 1);
    }
    const following = targets.map((target) => ask(target));
    await expect.poll(() => runs.count).toBe(6);
    open();
    const answers = await Promise.all([...leading, ...following]);
    expect(answers.map(text)).toEqual([...targets, ...targets]);
    expect(runs.count).toBe(6);
    for (const target of targets) expect(x(await ask(target))).toBe('HIT');
  });

  it('have no more waiting for one of them than may', async () => {
    const { ask, runs, open } = slow({ maxFollowers: 3 });
    const asking = [ask('/a')];
    await expect.poll(() => runs.count).toBe(1);
    for (let i = 0; i < 3; i += 1) asking.push(ask('/a'));
    await expect.poll(() => runs.arrived).toBe(4);
    asking.push(ask('/a'));
    await expect.poll(() => runs.count).toBe(2);
    open();
    expect((await Promise.all(asking)).map(text)).toEqual(Array(5).fill('/a'));
    expect(runs.count).toBe(2);
  });

  it('that never answer are forgotten, and their places are free', async () => {
    const { ask, runs, open, clock } = slow({ maxFlights: 1, fillTimeout: 1 });
    const lost = ask('/lost');
    await expect.poll(() => runs.count).toBe(1);
    clock.advance(1000);
    const leader = ask('/a');
    await expect.poll(() => runs.count).toBe(2);
    const follower = ask('/a');
    await expect.poll(() => runs.arrived).toBe(3);
    open();
    expect((await Promise.all([leader, follower, lost])).map(text)).toEqual(['/a', '/a', '/lost']);
    expect(runs.count).toBe(2);
  });
});
