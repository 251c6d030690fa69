import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Demands, NO_DEMANDS } from '../../src/http/demands.ts';
import { evaluate, type Freshness, isServerFailure, type Reuse, ttlOf } from '../../src/http/reuse.ts';

/** Fresh for ten seconds from 0; then stale for ten, and for twenty where the handler fails. */
const STORED: Freshness = {
  generatedAt: 0,
  freshUntil: 10_000,
  staleWhileRevalidateUntil: 20_000,
  staleIfErrorUntil: 30_000,
  strict: false,
};
const asked = (demands: Partial<Demands>, now: number, stored = STORED) =>
  evaluate(stored, now, { ...NO_DEMANDS, ...demands });

const FRESH = { kind: 'fresh' };
const BY_REQUEST = { kind: 'stale', byRequest: true };
const REVALIDATED = { kind: 'stale', byRequest: false };
const STALE = { kind: 'forward', fwd: 'stale' };
const UNWELCOME = { kind: 'forward', fwd: 'request' };

describe('a stored response', () => {
  it.each<[number, Reuse]>([
    [0, { kind: 'fresh', ttl: 10 }],
    [9_999, { kind: 'fresh', ttl: 0 }],
    [10_000, { kind: 'stale', ttl: 0, byRequest: false }],
    [10_001, { kind: 'stale', ttl: -1, byRequest: false }],
    [19_999, { kind: 'stale', ttl: -10, byRequest: false }],
    [20_000, { kind: 'forward', fwd: 'stale' }],
    [30_000, { kind: 'forward', fwd: 'stale' }],
  ])('at %i ms is %j (RFC 9111 §4.2, RFC 5861 §3, RFC 9211 §2.4)', (now, reuse) => {
    expect(evaluate(STORED, now)).toEqual(reuse);
  });

  it('that is strict is stale for nobody (RFC 9111 §4.2.4)', () => {
    const strict = { ...STORED, strict: true };
    expect(evaluate(strict, 9_999)).toMatchObject(FRESH);
    expect(evaluate(strict, 10_000)).toEqual(STALE);
    expect(asked({ maxStale: Number.POSITIVE_INFINITY }, 10_000, strict)).toEqual(STALE);
  });

  it('has whole seconds of freshness left, or lacks them (RFC 9211 §2.4)', () => {
    expect([0, 1, 10_000, 10_001, 12_000].map((now) => ttlOf(STORED, now))).toEqual([10, 9, 0, -1, -2]);
  });
});

describe('a request that asks for', () => {
  it.each<[string, Partial<Demands>, number, object]>([
    ['an age of 5 gets one of 5 (§5.2.1.1)', { maxAge: 5 }, 5_000, FRESH],
    ['an age of 5 gets none older', { maxAge: 5 }, 5_001, UNWELCOME],
    ['an age of 0 gets one made this moment', { maxAge: 0 }, 0, FRESH],
    ['an age that is not over gets nothing stale for it', { maxAge: 60 }, 10_000, STALE],
    ['an age, and takes stale, gets stale of that age', { maxAge: 60, maxStale: 5 }, 15_000, BY_REQUEST],
    ['an age, and takes stale, gets none older', { maxAge: 12, maxStale: 5 }, 15_000, STALE],
    ['stale of 5 gets one of 5 (§5.2.1.2)', { maxStale: 5 }, 15_000, BY_REQUEST],
    ['stale of 5 gets the same as anybody beyond', { maxStale: 5 }, 15_001, REVALIDATED],
    ['stale of 15 gets what nobody else does', { maxStale: 15 }, 25_000, BY_REQUEST],
    ['stale of 15 gets none beyond', { maxStale: 15 }, 25_001, STALE],
    ['stale of any age gets any', { maxStale: Number.POSITIVE_INFINITY }, 1e12, BY_REQUEST],
    ['stale gets fresh where it is', { maxStale: 5 }, 5_000, FRESH],
    ['freshness for 5 more gets it (§5.2.1.3)', { minFresh: 5 }, 5_000, FRESH],
    ['freshness for 5 more gets none with less', { minFresh: 5 }, 5_001, UNWELCOME],
    ['freshness for 5 more gets nothing stale', { minFresh: 5 }, 10_000, STALE],
    [
      'freshness for 5 more gets nothing stale though it would take it',
      { minFresh: 5, maxStale: 60 },
      10_000,
      STALE,
    ],
    ['validation gets nothing fresh (§5.2.1.4)', { validated: true }, 0, UNWELCOME],
    ['validation gets nothing stale', { validated: true, maxStale: 60 }, 10_000, STALE],
  ])('%s', (_, demands, now, reuse) => expect(asked(demands, now)).toMatchObject(reuse));
});

describe('a handler that fails (RFC 5861 §4)', () => {
  it.each([500, 502, 503, 504])('answers %i', (status) => expect(isServerFailure(status)).toBe(true));
  it.each([200, 404, 429, 501, 505])('does not answer %i', (status) =>
    expect(isServerFailure(status)).toBe(false),
  );
});

describe('whatever is stored and asked', () => {
  const ms = fc.integer({ min: 0, max: 40_000 });
  const anyStored: fc.Arbitrary<Freshness> = fc.record({
    generatedAt: ms,
    freshUntil: ms,
    staleWhileRevalidateUntil: ms,
    staleIfErrorUntil: ms,
    strict: fc.boolean(),
  });
  const seconds = fc.integer({ min: 0, max: 40 });
  const anyDemands: fc.Arbitrary<Demands> = fc.record({
    validated: fc.boolean(),
    maxAge: fc.option(seconds, { nil: undefined }),
    minFresh: seconds,
    maxStale: fc.oneof(fc.constant(0), seconds, fc.constant(Number.POSITIVE_INFINITY)),
    onlyIfCached: fc.boolean(),
    noStore: fc.boolean(),
  });
  const RUNS = { numRuns: 5000 };

  it('nothing is fresh once its freshness is over, and ttl says by how much', () => {
    fc.assert(
      fc.property(anyStored, ms, anyDemands, (stored, now, demands) => {
        const reuse = evaluate(stored, now, demands);
        if (reuse.kind === 'fresh') expect(now).toBeLessThan(stored.freshUntil);
        if (reuse.kind === 'stale') expect(now).toBeGreaterThanOrEqual(stored.freshUntil);
        if (reuse.kind !== 'forward') expect(reuse.ttl).toBe(ttlOf(stored, now));
      }),
      RUNS,
    );
  });

  it('nothing strict is used stale', () => {
    fc.assert(
      fc.property(anyStored, ms, anyDemands, (stored, now, demands) => {
        expect(evaluate({ ...stored, strict: true }, now, demands).kind).not.toBe('stale');
      }),
      RUNS,
    );
  });

  it('to ask for more never gets more', () => {
    const least = (a: number | undefined, b: number | undefined) =>
      a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
    const both = (a: Demands, b: Demands): Demands => ({
      validated: a.validated || b.validated,
      maxAge: least(a.maxAge, b.maxAge),
      minFresh: Math.max(a.minFresh, b.minFresh),
      maxStale: Math.min(a.maxStale, b.maxStale),
      onlyIfCached: a.onlyIfCached || b.onlyIfCached,
      noStore: a.noStore || b.noStore,
    });
    const worth = (reuse: Reuse) =>
      reuse.kind === 'fresh' ? 3 : reuse.kind === 'stale' ? (reuse.byRequest ? 2 : 1) : 0;
    fc.assert(
      fc.property(anyStored, ms, anyDemands, anyDemands, (stored, now, one, other) => {
        const got = worth(evaluate(stored, now, both(one, other)));
        expect(got).toBeLessThanOrEqual(worth(evaluate(stored, now, one)));
      }),
      RUNS,
    );
  });

  it('what may be used now could have been before: age never helps', () => {
    fc.assert(
      fc.property(anyStored, ms, ms, (stored, now, later) => {
        const usable = (at: number) => evaluate(stored, at).kind !== 'forward';
        if (usable(now + later)) expect(usable(now)).toBe(true);
      }),
      RUNS,
    );
  });
});
