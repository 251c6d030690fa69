import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  heuristicFreshness,
  type LifetimeChoice,
  lifetimeOf,
  ownLifetime,
  statedFreshness,
} from '../../src/http/freshness.ts';
import { ago, ahead, anyText, type Given, response } from '../support/heads.ts';

const BY_RESPONSE: LifetimeChoice = {
  ttl: undefined,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  directivesForClients: false,
};
const BY_APP: LifetimeChoice = { ...BY_RESPONSE, ttl: 600, staleWhileRevalidate: 30, staleIfError: 60 };

const fresh = (given: Given, status = 200) => lifetimeOf(response(given, status), BY_RESPONSE).fresh;
const lifetime = (cacheControl: string, choice = BY_RESPONSE) =>
  lifetimeOf(response({ 'Cache-Control': cacheControl }), choice);

describe('the freshness that a response states (RFC 9111 §4.2.1)', () => {
  it.each<[string, Given, number | undefined]>([
    ['is s-maxage, for the cache is shared', { 'Cache-Control': 'max-age=20, s-maxage=10' }, 10],
    ['is s-maxage before Expires', { 'Cache-Control': 's-maxage=10', Expires: ahead(30), Date: ago(0) }, 10],
    [
      'is max-age before Expires (§5.3)',
      { 'Cache-Control': 'max-age=20', Expires: ahead(30), Date: ago(0) },
      20,
    ],
    ['is Expires less Date', { Expires: ahead(30), Date: ago(5) }, 35],
    [
      'is Expires beside directives that give none',
      { 'Cache-Control': 'public', Expires: ahead(30), Date: ago(0) },
      30,
    ],
    ['is nothing where nothing is said', { Date: ago(0) }, undefined],
    ['is nothing for public alone', { 'Cache-Control': 'public' }, undefined],
    [
      'is in whole seconds of any number up to 2^31 (§1.2.2)',
      { 'Cache-Control': 'max-age=9999999999999' },
      2 ** 31,
    ],
  ])('%s: %j', (_, given, seconds) => expect(statedFreshness(response(given))).toBe(seconds));

  it.each<[string, Given, number]>([
    ['max-age', { 'Cache-Control': 'max-age=1, max-age=100' }, 1],
    ['max-age in two lines', { 'Cache-Control': ['max-age=1', 'max-age=100'] }, 1],
    ['s-maxage', { 'Cache-Control': 's-maxage=1, max-age=100, s-maxage=50' }, 1],
  ])('of duplicates is the first: %s', (_, given, seconds) => {
    expect(statedFreshness(response(given))).toBe(seconds);
  });

  it.each<[string, Given]>([
    ['two Expires', { Expires: [ahead(10), ahead(20)], Date: ago(0) }],
    ['Expires: 0 (§5.3)', { Expires: '0', Date: ago(0) }],
    ['Expires: -1', { Expires: '-1', Date: ago(0) }],
    ['an Expires of nothing', { Expires: '', Date: ago(0) }],
    ['an Expires in the past', { Expires: ago(1), Date: ago(0) }],
    ['an Expires that is Date', { Expires: ago(0), Date: ago(0) }],
    ['an Expires of another zone (§4.2)', { Expires: ahead(30).replace('GMT', 'EST'), Date: ago(0) }],
    ['an Expires with nothing to count it from', { Expires: ahead(30) }],
    ['an Expires beside two Dates', { Expires: ahead(30), Date: [ago(0), ago(0)] }],
    ['an Expires beside a Date that cannot be read', { Expires: ahead(30), Date: 'now' }],
    ['a max-age that is no number', { 'Cache-Control': 'max-age=soon' }],
    ['a max-age without a number', { 'Cache-Control': 'max-age' }],
    ['a negative max-age', { 'Cache-Control': 'max-age=-60' }],
    ['half a second', { 'Cache-Control': 'max-age=60.5' }],
    ['a number and a unit', { 'Cache-Control': 'max-age=60s' }],
    ['a number and something behind it', { 'Cache-Control': 'max-age=60 s' }],
    ['a number in single quotes', { 'Cache-Control': "max-age='60'" }],
    ['a number in other digits', { 'Cache-Control': 'max-age=٦٠' }],
    ['an unreadable s-maxage before a max-age', { 'Cache-Control': 's-maxage=x, max-age=60' }],
    [
      'an unreadable max-age before an Expires',
      { 'Cache-Control': 'max-age=x', Expires: ahead(60), Date: ago(0) },
    ],
  ])('is none for %s', (_, given) => expect(statedFreshness(response(given))).toBe(0));

  it.each([
    ['case', ahead(30).toLowerCase()],
    ['the form of RFC 850', 'Thursday, 01-Jan-26 00:00:30 GMT'],
    ['the form of asctime', 'Thu Jan  1 00:00:30 2026'],
  ])('is Expires whatever its %s (§4.2, RFC 9110 §5.6.7)', (_, expires) => {
    expect(statedFreshness(response({ Expires: expires, Date: ago(0) }))).toBe(30);
  });

  it('is max-age with and without quotes (§5.2)', () => {
    expect(statedFreshness(response({ 'Cache-Control': 'max-age="60"' }))).toBe(60);
  });
});

describe('the freshness of a response', () => {
  it('is none with no-cache, whatever else is said (§4.2.1, §5.2.2.4)', () => {
    expect(fresh({ 'Cache-Control': 'max-age=60, no-cache' })).toBe(0);
    expect(fresh({ 'Cache-Control': 'no-cache=""' })).toBe(0);
  });

  it('is as stated with no-cache for some fields (§5.2.2.4)', () => {
    expect(fresh({ 'Cache-Control': 'no-cache="set-cookie", max-age=60' })).toBe(60);
    expect(fresh({ 'Cache-Control': 'no-cache=set-cookie, max-age=60' })).toBe(60);
  });

  it.each([
    'no-cache="set cookie"',
    'no-cache="a" b',
    'no-cache="a',
    'no-cache=","',
    'no-cache="a", no-cache',
  ])('is none where the fields of no-cache cannot be told: %s', (noCache) =>
    expect(fresh({ 'Cache-Control': `max-age=60, ${noCache}` })).toBe(0),
  );

  it('is the app’s where the app says it', () => {
    expect(lifetime('max-age=5, s-maxage=6, stale-if-error=7', BY_APP)).toEqual({
      fresh: 600,
      staleWhileRevalidate: 30,
      staleIfError: 60,
      strict: false,
    });
  });
});

describe('the heuristic lifetime (RFC 9111 §4.2.2)', () => {
  const UNCHANGED = { Date: ago(0), 'Last-Modified': ago(1000) };

  it('is a tenth of the time for which it had not changed, at most a day', () => {
    expect(heuristicFreshness(response(UNCHANGED))).toBe(100);
    expect(heuristicFreshness(response({ Date: ago(0), 'Last-Modified': ago(1e9) }))).toBe(86_400);
  });

  it.each<[string, Given]>([
    ['Last-Modified', { Date: ago(0) }],
    ['Date', { 'Last-Modified': ago(1000) }],
    ['a Last-Modified that can be read', { Date: ago(0), 'Last-Modified': 'yesterday' }],
    ['a Last-Modified before its Date', { Date: ago(0), 'Last-Modified': ahead(1) }],
    ['any time between them', { Date: ago(0), 'Last-Modified': ago(0) }],
  ])('is not there without %s', (_, given) => {
    expect(heuristicFreshness(response(given))).toBeUndefined();
  });

  it.each([200, 203, 204])('is for a %i, which is heuristically cacheable (RFC 9110 §15.1)', (status) => {
    expect(fresh(UNCHANGED, status)).toBe(100);
  });

  it.each([201, 202, 205])('is for a %i if it is public', (status) => {
    expect(fresh(UNCHANGED, status)).toBe(0);
    expect(fresh({ ...UNCHANGED, 'Cache-Control': 'public' }, status)).toBe(100);
  });

  it.each([300, 301, 308, 404, 405, 410, 414, 501])(
    'is for no %i: what is no success says so itself',
    (status) => {
      expect(fresh(UNCHANGED, status)).toBe(0);
      expect(fresh({ ...UNCHANGED, 'Cache-Control': 'public' }, status)).toBe(0);
      expect(fresh({ ...UNCHANGED, 'Cache-Control': 'max-age=7' }, status)).toBe(7);
    },
  );

  it.each<Given>([
    { 'Cache-Control': 'max-age=0' },
    { 'Cache-Control': 'max-age=x' },
    { Expires: '0' },
    { 'Cache-Control': 'no-cache' },
  ])('is never used where an explicit one is given: %j', (given) => {
    expect(fresh({ ...UNCHANGED, ...given })).toBe(0);
  });
});

describe('stale use (RFC 5861)', () => {
  it('has the windows of the response where the lifetime is the response’s (§3, §4)', () => {
    expect(lifetime('max-age=5, stale-while-revalidate=6, stale-if-error=7')).toEqual({
      fresh: 5,
      staleWhileRevalidate: 6,
      staleIfError: 7,
      strict: false,
    });
  });

  it('has the app’s windows before the response’s', () => {
    const choice = { ...BY_RESPONSE, staleWhileRevalidate: 1, staleIfError: 2 };
    expect(lifetime('max-age=5, stale-while-revalidate=6, stale-if-error=7', choice)).toMatchObject({
      staleWhileRevalidate: 1,
      staleIfError: 2,
    });
  });

  it('has no window whose length cannot be read', () => {
    expect(lifetime('max-age=5, stale-while-revalidate, stale-if-error=x')).toMatchObject({
      staleWhileRevalidate: 0,
      staleIfError: 0,
    });
  });

  it.each([
    ['must-revalidate', 'RFC 9111 §5.2.2.2'],
    ['proxy-revalidate', 'RFC 9111 §5.2.2.8'],
    ['s-maxage=5', 'RFC 9111 §5.2.2.10'],
    ['no-cache', 'RFC 9111 §5.2.2.4'],
  ])('is forbidden by %s (%s)', (directive) => {
    const said = `max-age=5, ${directive}, stale-while-revalidate=6, stale-if-error=7`;
    const windows = { ...BY_RESPONSE, staleWhileRevalidate: 30, staleIfError: 60 };
    for (const choice of [BY_RESPONSE, windows]) {
      expect(lifetime(said, choice)).toMatchObject({
        staleWhileRevalidate: 0,
        staleIfError: 0,
        strict: true,
      });
    }
  });

  it.each(['must-revalidate', 'proxy-revalidate'])(
    'is forbidden by %s though the lifetime is the app’s',
    (directive) => {
      expect(lifetime(directive, BY_APP)).toEqual({
        fresh: 600,
        staleWhileRevalidate: 0,
        staleIfError: 0,
        strict: true,
      });
    },
  );

  it('is not forbidden by s-maxage beside the app’s lifetime, which takes its place', () => {
    expect(lifetime('s-maxage=5', BY_APP)).toMatchObject({ staleWhileRevalidate: 30, strict: false });
  });

  it('is not forbidden by what a preset says to clients, unless the lifetime is the response’s', () => {
    expect(lifetime('must-revalidate', { ...BY_APP, directivesForClients: true }).strict).toBe(false);
    expect(lifetime('must-revalidate', { ...BY_RESPONSE, directivesForClients: true }).strict).toBe(true);
  });

  it('is forbidden by what is said to this cache, whoever else is spoken to', () => {
    const head = response({ 'Cache-Control': 'public', 'CDN-Cache-Control': 'must-revalidate' });
    expect(lifetimeOf(head, { ...BY_APP, directivesForClients: true }).strict).toBe(true);
  });

  it('is not forbidden by no-cache for some fields', () => {
    expect(lifetime('max-age=5, no-cache="x"').strict).toBe(false);
  });
});

describe('what is said to caches by name (RFC 9213 §2.2)', () => {
  it('takes the place of Cache-Control and Expires', () => {
    const given = { 'Cache-Control': 'max-age=5', Expires: ahead(7), Date: ago(0) };
    expect(statedFreshness(response({ ...given, 'CDN-Cache-Control': 'max-age=60' }))).toBe(60);
    expect(statedFreshness(response({ ...given, 'CDN-Cache-Control': 'must-revalidate' }))).toBeUndefined();
  });

  it.each(['', 'max-age=60,', 'Max-Age=60', 'max-age=60 s', 'no-store;;'])(
    'does not where it cannot be read: %j',
    (value) => {
      const head = response({ 'Cache-Control': 'max-age=5', 'CDN-Cache-Control': value });
      expect(statedFreshness(head)).toBe(5);
    },
  );

  it('is a handler’s own lifetime where it is said to this cache', () => {
    expect(ownLifetime(response({ 'Larder-Cache-Control': 'max-age=60, s-maxage=30' }))).toBe(30);
    expect(ownLifetime(response({ 'CDN-Cache-Control': 'max-age=60' }))).toBeUndefined();
    expect(ownLifetime(response({ 'Larder-Cache-Control': 'public' }))).toBeUndefined();
  });
});

describe('any response at all', () => {
  it('has a lifetime that is a number of seconds, and no less than none', () => {
    const value = fc.oneof(
      anyText,
      fc.constantFrom(ago(0), ago(1e9), ahead(1e10), 'Mon, 01 Jan 0000 00:00:00 GMT'),
    );
    fc.assert(
      fc.property(value, value, value, value, value, fc.integer({ min: 200, max: 599 }), (...given) => {
        const [control, cdn, expires, date, modified, status] = given;
        const head = response(
          {
            'Cache-Control': control,
            'CDN-Cache-Control': cdn,
            Expires: expires,
            Date: date,
            'Last-Modified': modified,
          },
          status,
        );
        const { fresh, staleWhileRevalidate, staleIfError } = lifetimeOf(head, BY_RESPONSE);
        for (const seconds of [fresh, staleWhileRevalidate, staleIfError]) {
          expect(Number.isFinite(seconds)).toBe(true);
          expect(seconds).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('that is strict has no stale windows', () => {
    const directive = fc.constantFrom(
      'must-revalidate',
      's-maxage=1',
      'no-cache',
      'max-age=1',
      'stale-if-error=1',
    );
    const said = fc.array(directive).map((directives) => directives.join());
    fc.assert(
      fc.property(said, fc.boolean(), fc.boolean(), (value, byApp, directivesForClients) => {
        const life = lifetime(value, { ...(byApp ? BY_APP : BY_RESPONSE), directivesForClients });
        if (life.strict) expect([life.staleWhileRevalidate, life.staleIfError]).toEqual([0, 0]);
      }),
    );
  });
});
