import { describe, expect, it } from 'vitest';
import { readArgs } from '../src/stampede/args.ts';
import { report } from '../src/stampede/report.ts';

describe('the stampede', () => {
  it('asks this machine, by default one process', () => {
    expect(readArgs([])).toMatchObject({ shops: [new URL('http://127.0.0.1:3000')], requests: 2_000 });
    expect(readArgs(['http://127.0.0.1:1', 'http://127.0.0.1:2'])).toMatchObject({ shops: { length: 2 } });
    expect(() => readArgs(['http://shop.example'])).toThrow('--remote');
    expect(() => readArgs(['--requests=0'])).toThrow('--requests');
  });

  it('says of each outcome how many had it, and how long they waited', () => {
    const got = (cache: string, detail: string, ms: number) => ({
      status: 200,
      cache,
      cacheStatus: `Larder; ${detail}`,
      ms,
      text: '',
    });
    const lines = report(
      [
        got('HIT', 'hit; ttl=29', 2),
        new Error('no answer in 15 s'),
        got('MISS', 'fwd=uri-miss; fwd-status=200; collapsed', 40),
        got('MISS', 'fwd=uri-miss; fwd-status=200; stored', 41),
      ],
      1,
    ).split('\n');
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^MISS: ran the handler +1 +41\.0 ms/),
      expect.stringMatching(/^MISS, collapsed: .* 1 +40\.0 ms/),
      expect.stringMatching(/^HIT: .* 1 +2\.00 ms/),
      expect.stringMatching(/^no answer in 15 s +1 +– +–$/),
      expect.stringMatching(/^together +4 +40\.0 ms +41\.0 ms$/),
      '',
      'Report queries in Postgres: 1',
    ]);
  });
});
