import { describe, expect, it } from 'vitest';
import type { RequestHead } from '../../src/http/message.ts';
import { isForEverybody, type Refusal, refusal, type StorableRules } from '../../src/http/storable.ts';
import { ago, ahead, fieldsFrom, type Given, request, response } from '../support/heads.ts';

/** The response gives the lifetime. */
const BY_RESPONSE: StorableRules = {
  hasTtl: false,
  statuses: new Set([200, 203]),
  credentialsCovered: false,
  directivesForClients: false,
};
/** The app does. */
const BY_APP: StorableRules = { ...BY_RESPONSE, hasTtl: true };
const PARTITIONED = { ...BY_RESPONSE, credentialsCovered: true };
const BOTH = [BY_RESPONSE, BY_APP];

const FRESH = { 'Cache-Control': 'max-age=60' };
const GET = request();
const said = (cacheControl: string, rules = BY_RESPONSE, status = 200) =>
  refusal(GET, response({ 'Cache-Control': cacheControl }, status), rules);
const stored = (given: Given, rules = BY_RESPONSE, asked = GET, status = 200) =>
  refusal(asked, response({ ...FRESH, ...given }, status), rules);

describe('a response is stored (RFC 9111 §3)', () => {
  it('for a plain 200 that says how long, or whose app does', () => {
    expect(stored({})).toBeUndefined();
    expect(refusal(GET, response(), BY_APP)).toBeUndefined();
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PURGE', 'get'])(
    'not for %s, which is not understood',
    (method) => {
      const given = { 'Content-Location': '/' };
      for (const rules of BOTH) expect(stored(given, rules, request({}, { method }))).toBe('method');
    },
  );

  it.each([100, 101, 103, 199, 600, 999])('not with status %i, which is not final', (status) => {
    for (const rules of BOTH) expect(stored({}, rules, GET, status)).toBe('status');
  });

  it.each([206, 304])('not with status %i, which is about another (§3.3, §4.3.4)', (status) => {
    for (const rules of BOTH) expect(stored({}, rules, GET, status)).toBe('status');
  });

  it.each([201, 204, 299, 302, 307, 404, 418, 500, 503, 599])(
    'with status %i where it says how long itself',
    (status) => {
      expect(stored({}, BY_RESPONSE, GET, status)).toBeUndefined();
      expect(stored({}, BY_APP, GET, status)).toBe('status');
    },
  );

  it.each([
    ['max-age=60', undefined],
    ['s-maxage=60', undefined],
    ['max-age=0, s-maxage=60', undefined],
    ['public', 'no-freshness'],
    ['must-revalidate', 'no-freshness'],
    ['max-age=0', 'no-freshness'],
    ['max-age=60, s-maxage=0', 'no-freshness'],
    ['max-age=x', 'no-freshness'],
    ['some-extension', 'no-freshness'],
  ] as const)('with %j: %s', (cacheControl, reason) => expect(said(cacheControl)).toBe(reason));

  it.each<[Given, number, Refusal | undefined]>([
    [{ Expires: ahead(60), Date: ago(0) }, 200, undefined],
    [{ Expires: '0', Date: ago(0) }, 200, 'no-freshness'],
    [{ 'Last-Modified': ago(1000), Date: ago(0) }, 200, undefined],
    [{ 'Last-Modified': ago(1000), Date: ago(0) }, 201, 'no-freshness'],
    [{ 'Last-Modified': ago(1000), Date: ago(0), 'Cache-Control': 'public' }, 201, undefined],
    [{ 'Last-Modified': ago(1000), Date: ago(0) }, 404, 'no-freshness'],
    [{ 'Last-Modified': ago(1000), Date: ago(0), 'Cache-Control': 'public' }, 302, 'no-freshness'],
    [{}, 200, 'no-freshness'],
  ])('with %j and status %i: %s', (given, status, reason) => {
    expect(refusal(GET, response(given, status), BY_RESPONSE)).toBe(reason);
  });

  it.each<[string, Given, Refusal | undefined]>([
    ['no-cache', { ETag: '"a"' }, undefined],
    ['no-cache', { 'Last-Modified': ago(60) }, undefined],
    ['no-cache', {}, 'no-cache'],
    ['no-cache', { ETag: 'a' }, 'no-cache'],
    ['max-age=0', { ETag: '"a"' }, undefined],
    ['max-age=0', {}, 'no-freshness'],
    ['public', { ETag: '"a"' }, 'no-freshness'],
  ])(
    'to be validated at every use, where it says so and can be: %s %j: %s',
    (cacheControl, given, reason) => {
      expect(stored({ ...given, 'Cache-Control': cacheControl })).toBe(reason);
    },
  );
});

describe('what a request says', () => {
  it('is no-store (§5.2.1.5)', () => {
    for (const rules of BOTH) {
      expect(stored({}, rules, request({ 'Cache-Control': 'max-age=0, No-Store' }))).toBe('request-no-store');
    }
  });

  it('is nothing else that forbids storing', () => {
    expect(stored({}, BY_RESPONSE, request({ 'Cache-Control': 'no-cache, max-age=0' }))).toBeUndefined();
    expect(stored({}, BY_RESPONSE, request({ Pragma: 'no-cache, no-store' }))).toBeUndefined();
  });
});

describe('what a response says', () => {
  it.each<[string, Refusal]>([
    ['no-store', 'no-store'],
    ['max-age=60, NO-STORE', 'no-store'],
    ['max-age=60, no-store="x"', 'no-store'],
    ['private', 'private'],
    ['max-age=60, private="x-field"', 'private'],
    ['max-age=60, private="', 'private'],
  ])('forbids storing (§5.2.2.5, §5.2.2.7): %s', (cacheControl, reason) => {
    for (const rules of BOTH) expect(said(cacheControl, rules)).toBe(reason);
  });

  it('is private, and stored where the key tells users apart; no-store never is', () => {
    expect(said('private, max-age=60', PARTITIONED)).toBeUndefined();
    expect(said('private, no-store, max-age=60', PARTITIONED)).toBe('no-store');
  });

  it('is no-cache, which the app’s lifetime does not override (§5.2.2.4)', () => {
    expect(said('no-cache', BY_APP)).toBe('no-cache');
    expect(said('no-cache="set-cookie"', BY_APP)).toBeUndefined();
    expect(said('no-cache', { ...BY_APP, directivesForClients: true })).toBeUndefined();
  });

  it('is told to this cache by name, whatever clients are told (RFC 9213 §2.2)', () => {
    expect(stored({ 'Cache-Control': 'no-store', 'CDN-Cache-Control': 'max-age=60' })).toBeUndefined();
    expect(stored({ 'CDN-Cache-Control': 'no-store' })).toBe('no-store');
    expect(stored({ 'CDN-Cache-Control': 'private' }, BY_APP)).toBe('private');
    const told = { ...BY_APP, directivesForClients: true };
    expect(stored({ 'CDN-Cache-Control': 'no-cache' }, told)).toBe('no-cache');
  });
});

describe('must-understand (RFC 9111 §5.2.2.3)', () => {
  it.each([200, 203, 204, 301, 302, 307, 308, 404, 410, 500, 503])(
    'lets a %i be stored though it says no-store',
    (status) => {
      expect(said('max-age=60, must-understand, no-store', BY_RESPONSE, status)).toBeUndefined();
    },
  );

  it.each([209, 226, 299, 305, 399, 418, 499, 599])('keeps a %i out, which is not understood', (status) => {
    expect(said('max-age=60, must-understand', BY_RESPONSE, status)).toBe('must-understand');
    expect(said('max-age=60, must-understand, no-store', BY_RESPONSE, status)).toBe('must-understand');
    expect(said('max-age=60', BY_RESPONSE, status)).toBeUndefined();
  });

  it('does not make private what is not, nor the other way round', () => {
    expect(said('max-age=60, must-understand, no-store, private')).toBe('private');
  });
});

describe('a request with Authorization (RFC 9111 §3.5)', () => {
  const AUTHORIZED = request({ Authorization: 'Bearer x' });

  it.each(['public', 's-maxage=60', 'must-revalidate', 'public="x"'])(
    'has its response stored with %s',
    (directive) => {
      expect(
        stored({ 'Cache-Control': `max-age=60, ${directive}` }, BY_RESPONSE, AUTHORIZED),
      ).toBeUndefined();
      expect(isForEverybody(fieldsFrom({ 'Cache-Control': directive }))).toBe(true);
    },
  );

  it.each(['max-age=60', 'max-age=60, proxy-revalidate', 'max-age=60, immutable'])(
    'has not with %s',
    (directives) => {
      expect(stored({ 'Cache-Control': directives }, BY_RESPONSE, AUTHORIZED)).toBe('authorization');
      expect(isForEverybody(fieldsFrom({ 'Cache-Control': directives }))).toBe(false);
    },
  );

  it('has where the key tells users apart', () => {
    expect(stored({}, PARTITIONED, AUTHORIZED)).toBeUndefined();
  });

  it('has not on the app’s word alone', () => {
    expect(stored({ 'Cache-Control': 'public' }, BY_APP, AUTHORIZED)).toBe('authorization');
  });

  it('goes by what caches are told by name (RFC 9213 §2.2)', () => {
    expect(
      stored(
        { 'Cache-Control': 'public, max-age=60', 'CDN-Cache-Control': 'max-age=60' },
        BY_RESPONSE,
        AUTHORIZED,
      ),
    ).toBe('authorization');
  });
});

describe('a POST’s response (RFC 9110 §9.3.3)', () => {
  const POST = request({}, { method: 'POST', target: '/a?b' });
  const answered = (given: Given, status = 200, asked: RequestHead = POST) =>
    refusal(asked, response(given, status), BY_RESPONSE);

  it.each(['/a?b', 'http://localhost/a?b', '?b', ' /a?b ', 'http://LOCALHOST:80/a?b', '/x/../a?b', '/a?b#c'])(
    'is stored where Content-Location is the target, and it says how long: %s',
    (location) => expect(answered({ ...FRESH, 'Content-Location': location })).toBeUndefined(),
  );

  it.each<[string, Given, number]>([
    ['without Content-Location', FRESH, 200],
    ['with another', { ...FRESH, 'Content-Location': '/a?c' }, 200],
    ['with another origin’s', { ...FRESH, 'Content-Location': 'https://localhost/a?b' }, 200],
    ['with two', { ...FRESH, 'Content-Location': ['/a?b', '/a?b'] }, 200],
    [
      'without explicit freshness',
      { 'Content-Location': '/a?b', 'Last-Modified': ago(1000), Date: ago(0) },
      200,
    ],
    ['with another status', { ...FRESH, 'Content-Location': '/a?b' }, 201],
  ])('is not %s', (_, given, status) => expect(answered(given, status)).toBe('method'));
});

describe('stricter than the RFC, a response is not stored', () => {
  it.each<[Refusal, Given]>([
    ['set-cookie', { 'Set-Cookie': 'a=b' }],
    ['vary-credentials', { Vary: 'Accept, Cookie' }],
    ['vary-credentials', { Vary: 'authorization' }],
    ['vary-too-many', { Vary: 'a, b, c, d, e, f, g, h, i' }],
    ['event-stream', { 'Content-Type': 'Text/Event-Stream; charset=utf-8' }],
  ])('for %s: %j', (reason, given) => {
    for (const rules of BOTH) expect(stored(given, rules)).toBe(reason);
  });

  it('for Vary by credentials, unless the key tells users apart', () => {
    expect(stored({ Vary: 'Cookie, Authorization' }, PARTITIONED)).toBeUndefined();
    expect(stored({ 'Set-Cookie': 'a=b' }, PARTITIONED)).toBe('set-cookie');
  });

  it('for a content coding that who asked cannot read', () => {
    const gzipped = { 'Content-Encoding': 'gzip' };
    expect(stored(gzipped, BY_RESPONSE, request({ 'Accept-Encoding': 'br' }))).toBe('content-encoding');
    expect(stored(gzipped, BY_RESPONSE, request({ 'Accept-Encoding': 'br, gzip' }))).toBeUndefined();
  });
});

describe('what cannot be found again, or is no whole', () => {
  it.each<[Refusal, Given]>([
    ['vary-any', { Vary: '*' }],
    ['vary-any', { Vary: 'accept, *' }],
    ['vary-any', { Vary: ['accept', '*'] }],
    ['content-range', { 'Content-Range': 'bytes 0-1/2' }],
  ])('is not stored, for %s (RFC 9111 §4.1, §3.3): %j', (reason, given) => {
    for (const rules of BOTH) expect(stored(given, rules)).toBe(reason);
  });
});
