import { describe, expect, it } from 'vitest';
import { later, shop, text } from '../support/shop.ts';

const turns = async () => {
  for (let i = 0; i < 30; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('the request that has set a refresh off', () => {
  it('gives nothing away to it once its client’s own run is watched', async () => {
    const [gate, own] = [later(), later()];
    let runs = 0;
    const policy = { ttl: 10, staleIfError: 10, softTimeout: 1, fillTimeout: 20 };
    const { ask, clock, observer } = shop((app, larder) => {
      app.use((req, res, next) => {
        res.locals.who = () => req.headers['x-user'];
        next();
      });
      app.get('/', larder.cacheResponse(policy), async (_req, res) => {
        runs += 1;
        const run = runs;
        if (run === 2) await gate.promise;
        if (run === 3) await own.promise;
        res.send(run === 2 ? `for ${res.locals.who()}` : `run ${run}`);
      });
    });
    await ask('/');
    clock.advance(19_500);
    const alice = ask('/', { 'X-User': 'alice' });
    await expect.poll(() => runs).toBe(2);
    await turns();
    clock.advance(1100);
    await expect.poll(() => runs).toBe(3);
    const refreshed = observer.next('refresh');
    gate.resolve();
    expect((await refreshed).outcome).not.toBe('stored');
    own.resolve();
    await alice;
    expect(text(await ask('/', { 'X-User': 'bob' }))).not.toContain('alice');
  });

  it('reads back what its own stack assigns meanwhile', async () => {
    const [begun, gate, over] = [later(), later(), later<string | undefined>()];
    let runs = 0;
    const { ask, clock, observer } = shop((app, larder) => {
      app.use((req, res, next) => {
        res.on('finish', async () => {
          if (req.headers['x-second'] === undefined) return;
          await begun.promise;
          req.headers = { ...req.headers, 'x-id': '7' };
          over.resolve(req.get('x-id'));
        });
        next();
      });
      app.get('/', larder.cacheResponse({ ttl: 10, staleWhileRevalidate: 100 }), async (_req, res) => {
        runs += 1;
        if (runs === 2) {
          begun.resolve();
          await gate.promise;
        }
        res.send('x');
      });
    });
    await ask('/');
    clock.advance(20_000);
    const refreshed = observer.next('refresh');
    await ask('/', { 'X-Second': '1' });
    expect(await over.promise).toBe('7');
    gate.resolve();
    expect((await refreshed).outcome).toBe('stored');
  });
});
