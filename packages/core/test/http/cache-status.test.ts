import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheStatus, formatCacheStatus, STALE_IF_ERROR, xCache } from '../../src/http/cache-status.ts';
import { parseList } from '../../src/http/structured.ts';

describe('Cache-Status (RFC 9211 §2)', () => {
  it.each<[CacheStatus, string, string]>([
    [{ hit: true, ttl: 376 }, 'Larder; hit; ttl=376', 'HIT'],
    [{ hit: true, ttl: 0 }, 'Larder; hit; ttl=0', 'HIT'],
    [{ hit: true, ttl: -412 }, 'Larder; hit; ttl=-412', 'STALE'],
    [{ hit: true, ttl: 1, detail: 'x' }, 'Larder; hit; ttl=1; detail=x', 'HIT'],
    [
      { fwd: 'uri-miss', fwdStatus: 200, stored: true },
      'Larder; fwd=uri-miss; fwd-status=200; stored',
      'MISS',
    ],
    [{ fwd: 'uri-miss', collapsed: true, ttl: 60 }, 'Larder; fwd=uri-miss; ttl=60; collapsed', 'MISS'],
    [{ fwd: 'uri-miss', stored: false, collapsed: false }, 'Larder; fwd=uri-miss', 'MISS'],
    [{ fwd: 'vary-miss' }, 'Larder; fwd=vary-miss', 'MISS'],
    [{ fwd: 'miss' }, 'Larder; fwd=miss', 'MISS'],
    [{ fwd: 'stale', fwdStatus: 304 }, 'Larder; fwd=stale; fwd-status=304', 'MISS'],
    [{ fwd: 'request' }, 'Larder; fwd=request', 'BYPASS'],
    [{ fwd: 'bypass', detail: 'cookie' }, 'Larder; fwd=bypass; detail=cookie', 'BYPASS'],
    [{ fwd: 'method', detail: 'method' }, 'Larder; fwd=method; detail=method', 'BYPASS'],
    [
      { fwd: 'stale', fwdStatus: 503, detail: STALE_IF_ERROR },
      'Larder; fwd=stale; fwd-status=503; detail=stale-if-error',
      'STALE',
    ],
    [{ detail: 'only-if-cached' }, 'Larder; detail=only-if-cached', 'MISS'],
  ])('of %j is "%s", and %s for short', (status, header, short) => {
    expect(formatCacheStatus(status)).toBe(header);
    expect(xCache(status)).toBe(short);
  });

  it('is appended to what caches nearer the origin have said', () => {
    expect(formatCacheStatus({ hit: true, ttl: 1 }, 'Origin; fwd=miss')).toBe(
      'Origin; fwd=miss, Larder; hit; ttl=1',
    );
    expect(formatCacheStatus({ hit: true, ttl: 1 }, ' ')).toBe('Larder; hit; ttl=1');
  });
});

describe('any status', () => {
  const anyStatus: fc.Arbitrary<CacheStatus> = fc.oneof(
    fc.record({ hit: fc.constant(true as const), ttl: fc.integer() }),
    fc.record({
      fwd: fc.constantFrom('bypass', 'method', 'uri-miss', 'vary-miss', 'miss', 'request', 'stale'),
      fwdStatus: fc.option(fc.integer({ min: 200, max: 599 }), { nil: undefined }),
      ttl: fc.option(fc.integer(), { nil: undefined }),
      stored: fc.boolean(),
      collapsed: fc.boolean(),
      detail: fc.option(fc.stringMatching(/^[a-z][a-z-]*$/), { nil: undefined }),
    }),
  );

  it('is a member of a list, whose parameters have the types they should (§2.1 to §2.8)', () => {
    fc.assert(
      fc.property(anyStatus, (status) => {
        const list = parseList(formatCacheStatus(status, 'Origin; hit'));
        expect(list).toHaveLength(2);
        const member = list![1]!;
        expect(member).toMatchObject({ kind: 'token', value: 'Larder' });
        const types = Object.fromEntries([...member.parameters].map(([name, { kind }]) => [name, kind]));
        const expected = {
          hit: 'boolean',
          fwd: 'token',
          'fwd-status': 'integer',
          ttl: 'integer',
          stored: 'boolean',
          collapsed: 'boolean',
          detail: 'token',
        };
        expect(expected).toMatchObject(types);
        expect(member.parameters.has('hit')).toBe(!member.parameters.has('fwd'));
      }),
      { numRuns: 1000 },
    );
  });
});
