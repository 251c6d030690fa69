import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { route, text, x } from './support/shop.ts';

function gated(answer: (run: number) => string = () => 'x', options: Parameters<typeof route>[2] = {}) {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const made = route(
    { ttl: 60, tags: ['t'] },
    async (_, res) => {
      const run = made.runs.count;
      if (run === 1) await opened;
      res.send(answer(run));
    },
    options,
  );
  return { ...made, open: () => open() };
}

describe('concurrent misses on one key', () => {
  it('run the handler once and share its response', async () => {
    const { ask, runs, open, observer } = gated();
    const asking = Array.from({ length: 50 }, () => ask('/'));
    await expect.poll(() => runs.count).toBe(1);
    open();
    const answers = await Promise.all(asking);
    expect(runs.count).toBe(1);
    expect(new Set(answers.map(text))).toEqual(new Set(['x']));
    expect(observer.of('request')).toHaveLength(50);
  });

  it('say so', async () => {
    const { ask, runs, open } = gated();
    const leader = ask('/');
    await expect.poll(() => runs.count).toBe(1);
    const follower = ask('/');
    await new Promise((resolve) => setImmediate(resolve));
    open();
    await leader;
    const { headers } = await follower;
    expect(['Larder; fwd=uri-miss; ttl=60; collapsed', 'Larder; hit; ttl=60']).toContain(
      headers['cache-status'],
    );
  });

  it('share a response even if no store can keep it', async () => {
    const { ask, runs, open, server } = gated(() => 'x', { memory: { maxBytes: 1 } });
    let arrived = 0;
    server.on('request', () => {
      arrived += 1;
    });
    const asking = Array.from({ length: 20 }, () => ask('/'));
    await expect.poll(() => arrived).toBe(20);
    await new Promise((resolve) => setImmediate(resolve));
    open();
    expect(new Set((await Promise.all(asking)).map(text))).toEqual(new Set(['x']));
    expect(runs.count).toBe(1);
  });

  it('do not join a fill that began before an invalidation', async () => {
    const { ask, runs, open, larder } = gated((run) => `run ${run}`);
    const before = ask('/');
    await expect.poll(() => runs.count).toBe(1);
    await larder.cache.invalidate('t');
    const after = await ask('/');
    open();
    expect([text(await before), text(after)]).toEqual(['run 1', 'run 2']);
    expect(text(await ask('/'))).toBe('run 2');
  });

  it('do not share a fill whose late tag was invalidated before they joined it', async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { ask, runs, larder, server } = route(60, async (_, res) => {
      const run = runs.count;
      res.cache?.tag('late');
      if (run === 1) await opened;
      res.send(`run ${run}`);
    });
    const before = ask('/');
    await expect.poll(() => runs.count).toBe(1);
    await larder.cache.invalidate('late');
    const arrived = once(server, 'request');
    const after = ask('/');
    await arrived;
    await new Promise((resolve) => setImmediate(resolve));
    open();
    await before;
    expect(text(await after)).toBe('run 2');
  });

  it('each get the variant that is theirs', async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { ask, runs } = route(60, async (req, res) => {
      await opened;
      res.vary('X-Lang').send(req.get('x-lang'));
    });
    const asking = ['a', 'b', 'a', 'b'].map((lang) => ask('/', { 'X-Lang': lang }));
    await expect.poll(() => runs.count).toBe(1);
    open();
    expect((await Promise.all(asking)).map(text)).toEqual(['a', 'b', 'a', 'b']);
    expect(runs.count).toBe(2);
  });

  it.each([
    ['larger than is kept', { 'Content-Type': 'text/plain' }],
    ['a stream of events', { 'Content-Type': 'text/event-stream' }],
  ])('do not wait for the end of a response that is %s', async (_, fields) => {
    const endings: (() => void)[] = [];
    const { ask, runs } = route({ ttl: 60, maxBodyBytes: 10 }, (_req, res) => {
      res.writeHead(200, fields).write('more than ten bytes');
      endings.push(() => res.end());
    });
    const asking = [ask('/'), ask('/'), ask('/')];
    await expect.poll(() => runs.count).toBe(3);
    for (const end of endings) end();
    expect((await Promise.all(asking)).map(text)).toEqual(Array(3).fill('more than ten bytes'));
  });

  it('do not queue behind a client that asks for itself alone', async () => {
    const { ask, runs, open } = gated();
    const alone = ask('/', { 'Cache-Control': 'no-store' });
    await expect.poll(() => runs.count).toBe(1);
    expect([text(await ask('/')), x(await ask('/'))]).toEqual(['x', 'HIT']);
    open();
    await alone;
  });

  it('do not wait for a stream whose client has left in the middle', async () => {
    const { ask, runs, server } = route(60, (_, res) => {
      if (runs.count > 1) return void res.send('whole');
      Readable.from(
        (async function* () {
          for (;;) yield await new Promise((resolve) => setImmediate(resolve, Buffer.alloc(10_000)));
        })(),
      ).pipe(res);
    });
    await expect.poll(() => server.listening).toBe(true);
    const leaving = connect((server.address() as AddressInfo).port, '127.0.0.1');
    leaving.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await once(leaving, 'data');
    leaving.destroy();
    expect(text(await ask('/', { Host: '127.0.0.1' }))).toBe('whole');
  });

  it('are not hurt by a leader whose client leaves', async () => {
    const { ask, runs, open, server } = gated();
    await expect.poll(() => server.listening).toBe(true);
    const leaving = connect((server.address() as AddressInfo).port, '127.0.0.1');
    leaving.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await expect.poll(() => runs.count).toBe(1);
    leaving.destroy();
    const follower = ask('/', { Host: '127.0.0.1' });
    await new Promise((resolve) => setImmediate(resolve));
    open();
    expect(text(await follower)).toBe('x');
    expect(x(await ask('/', { Host: '127.0.0.1' }))).toBe('HIT');
    expect(runs.count).toBe(1);
  });

  it('go their own way when the leader takes too long', async () => {
    const { ask, runs, open, clock } = gated();
    const leader = ask('/');
    await expect.poll(() => runs.count).toBe(1);
    const follower = ask('/');
    const released = expect.poll(() => {
      clock.advance(10_000);
      return runs.count;
    });
    await released.toBe(2);
    expect(text(await follower)).toBe('x');
    open();
    await leader;
  });
});
