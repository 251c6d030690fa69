import { describe, expect, it } from 'vitest';
import { seededRandom } from '../src/seed/random.ts';
import { zipf } from '../src/seed/zipf.ts';
import { readArgs } from '../src/traffic/args.ts';
import { type Visit, visits } from '../src/traffic/mix.ts';
import { perForward } from '../src/traffic/queries.ts';
import { quantile, Tally } from '../src/traffic/tally.ts';

const visitor = { id: 2, token: 't' };
const scene = {
  products: 100,
  categories: ['tea', 'books'],
  shoppers: [visitor],
  staff: { id: 1, token: 's' },
};

describe('traffic', () => {
  it('stays on this machine unless told otherwise', () => {
    expect(() => readArgs(['http://shop.example'])).toThrow('--remote');
    expect(readArgs(['http://shop.example', '--remote'])).toMatchObject({ seconds: 60, concurrency: 16 });
    expect(readArgs(['http://[::1]:3000'])).toMatchObject({ rate: 250 });
  });

  it.each([['--seconds=0'], ['--seconds=x'], ['--concurrency=-1'], ['--nonsense'], ['ftp://127.0.0.1']])(
    'refuses %s',
    (arg) => expect(() => readArgs([arg])).toThrow(),
  );

  it('is about two percent writes', () => {
    const next = visits(scene, seededRandom(1));
    const drawn: Visit[] = Array.from({ length: 20_000 }, next);
    const writes = drawn.filter((visit) => visit.method !== 'GET').length / drawn.length;
    expect(writes).toBeGreaterThan(0.015);
    expect(writes).toBeLessThan(0.025);
  });

  it('counts hits, misses and errors apart', () => {
    const tally = new Tally();
    const visit: Visit = { label: 'product', route: '/p/:id', method: 'GET', path: '/p/1' };
    for (const [cache, status] of [
      ['HIT', 200],
      ['STALE', 200],
      ['MISS', 500],
      [undefined, 404],
    ] as const) {
      tally.reply(visit, { status, cache, cacheStatus: undefined, ms: 1, text: '' });
    }
    tally.failure(visit, new Error('gone'));
    expect(tally.totals).toEqual({ requests: 5, hits: 2, cacheable: 3, errors: 2 });
    expect([...tally.failures.keys()]).toEqual(['product: status 500', 'product: gone']);
  });
});

describe('what it computes', () => {
  it('takes quantiles by nearest rank', () => {
    const times = [5, 1, 4, 2, 3];
    expect([quantile(times, 0.5), quantile(times, 0.99), quantile([], 0.5)]).toEqual([3, 5, undefined]);
  });

  it('averages queries over forwarded requests, and over none is none', () => {
    const counted = {
      foreground: new Map([['GET /p', 9]]),
      background: new Map(),
      forwarded: new Map([['GET /p', 3]]),
    };
    expect([perForward(counted, 'GET /p'), perForward(counted, 'GET /q')]).toEqual([3, 0]);
  });

  it('draws the same from the same seed, the first rank twice as often as the second', () => {
    const draw = () => Array.from({ length: 30_000 }, zipf(50, 1, seededRandom(7)));
    const ranks = draw();
    expect(draw()).toEqual(ranks);
    const count = (rank: number) => ranks.filter((drawn) => drawn === rank).length;
    expect(count(0) / count(1)).toBeCloseTo(2, 0);
  });
});
