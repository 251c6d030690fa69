import { describe, expect, it } from 'vitest';
import { generatedAt } from '../../src/http/age.ts';
import { formatCacheStatus, xCache } from '../../src/http/cache-status.ts';
import { formatHttpDate, parseHttpDate } from '../../src/http/date.ts';
import { type FieldLine, fieldsOf } from '../../src/http/fields.ts';
import { lifetimeOf, statedFreshness } from '../../src/http/freshness.ts';
import type { RequestHead, ResponseHead } from '../../src/http/message.ts';
import { isNotModified } from '../../src/http/precondition.ts';
import { replayable } from '../../src/http/replayed.ts';
import { evaluate } from '../../src/http/reuse.ts';
import { refusal, type StorableRules } from '../../src/http/storable.ts';
import { matches, nominate } from '../../src/http/vary.ts';

const response = (fields: Record<string, string> = {}, status = 200): ResponseHead => {
  const lines: FieldLine[] = Object.entries(fields);
  return { status, lines, fields: fieldsOf(lines) };
};
const request = (fields: Record<string, string> = {}): RequestHead => ({
  method: 'GET',
  scheme: 'http',
  authority: 'localhost',
  target: '/',
  rewritten: undefined,
  fields: fieldsOf(Object.entries(fields)),
  hasBody: false,
});
const RULES: StorableRules = {
  hasTtl: true,
  statuses: new Set([200, 203]),
  credentialsCovered: false,
  directivesForClients: false,
};
const NOW = Date.UTC(2026, 0, 1);
const ago = (seconds: number) => formatHttpDate(NOW - seconds * 1000);

describe('a response is not stored', () => {
  it.each([
    ['status', {}, 201],
    ['status', {}, 204],
    ['status', {}, 206],
    ['status', {}, 304],
    ['status', {}, 404],
    ['status', {}, 500],
    ['no-store', { 'Cache-Control': 'max-age=60, NO-STORE' }, 200],
    ['private', { 'Cache-Control': 'private' }, 200],
    ['private', { 'Cache-Control': 'private="x-field", max-age=60' }, 200],
    ['no-cache', { 'Cache-Control': 'no-cache' }, 200],
    ['set-cookie', { 'Set-Cookie': 'a=b' }, 200],
    ['vary-any', { Vary: '*' }, 200],
    ['vary-any', { Vary: 'accept, *' }, 200],
    ['vary-credentials', { Vary: 'Accept, Cookie' }, 200],
    ['vary-credentials', { Vary: 'authorization' }, 200],
    ['vary-too-many', { Vary: 'a, b, c, d, e, f, g, h, i' }, 200],
    ['event-stream', { 'Content-Type': 'text/event-stream; charset=utf-8' }, 200],
    ['content-range', { 'Content-Range': 'bytes 0-1/2' }, 200],
  ] as const)('for %s: %j %i', (reason, fields, status) => {
    expect(refusal(request(), response(fields, status), RULES)).toBe(reason);
  });

  it('for a request that says no-store', () => {
    expect(refusal(request({ 'Cache-Control': 'no-store' }), response(), RULES)).toBe('request-no-store');
  });

  it('for want of a lifetime, when neither the app nor the response gives one', () => {
    const rules = { ...RULES, hasTtl: false };
    expect(refusal(request(), response(), rules)).toBe('no-freshness');
    expect(refusal(request(), response({ 'Cache-Control': 'max-age=1' }), rules)).toBeUndefined();
  });

  it('but a plain 200 is', () => {
    expect(refusal(request(), response(), RULES)).toBeUndefined();
  });

  it('but a private one is, when the key separates users; a no-store one never', () => {
    const rules = { ...RULES, credentialsCovered: true };
    expect(
      refusal(request(), response({ 'Cache-Control': 'private', Vary: 'Cookie' }), rules),
    ).toBeUndefined();
    expect(refusal(request(), response({ 'Cache-Control': 'private, no-store' }), rules)).toBe('no-store');
  });
});

describe('freshness (RFC 9111 §4.2.1)', () => {
  it.each([
    [{ 'Cache-Control': 's-maxage=10, max-age=20', Expires: ago(-30), Date: ago(0) }, 10],
    [{ 'Cache-Control': 'max-age=20', Expires: ago(-30), Date: ago(0) }, 20],
    [{ Expires: ago(-30), Date: ago(0) }, 30],
    [{ Expires: '0', Date: ago(0) }, 0],
    [{ Expires: ago(30), Date: ago(0) }, 0],
    [{}, undefined],
  ])('%j is %s seconds', (fields, seconds) => {
    expect(statedFreshness(response(fields as Record<string, string>))).toBe(seconds);
  });

  it('is the app’s where the app says it', () => {
    const choice = { ttl: 600, staleWhileRevalidate: 30, staleIfError: 60 };
    expect(lifetimeOf(response({ 'Cache-Control': 'max-age=5' }), choice)).toEqual({
      fresh: 600,
      staleWhileRevalidate: 30,
      staleIfError: 60,
    });
  });

  it('ends for good where the response says must-revalidate (§4.2.4)', () => {
    const choice = { ttl: 600, staleWhileRevalidate: 30, staleIfError: 60 };
    expect(lifetimeOf(response({ 'Cache-Control': 'must-revalidate' }), choice)).toEqual({
      fresh: 600,
      staleWhileRevalidate: 0,
      staleIfError: 0,
    });
  });

  it('takes the windows of RFC 5861 from the response where it takes the lifetime from it', () => {
    const choice = { ttl: undefined, staleWhileRevalidate: 0, staleIfError: 0 };
    const head = response({ 'Cache-Control': 'max-age=5, stale-while-revalidate=6, stale-if-error=7' });
    expect(lifetimeOf(head, choice)).toEqual({ fresh: 5, staleWhileRevalidate: 6, staleIfError: 7 });
  });
});

describe('age (RFC 9111 §4.2.3)', () => {
  it.each([
    ['of a response made here is none', {}, 0],
    ['is what its Date says', { Date: ago(40) }, 40],
    ['is what it arrived with, and the time it took to arrive', { Age: '100' }, 102],
    ['is not negative for a Date in the future', { Date: ago(-40) }, 0],
    ['is not what cannot be read', { Age: 'old' }, 0],
  ])('%s', (_, fields, seconds) => {
    expect((NOW - generatedAt(response(fields as Record<string, string>), NOW - 2000, NOW)) / 1000).toBe(
      seconds,
    );
  });
});

describe('reuse', () => {
  const stored = { freshUntil: 10_000, staleWhileRevalidateUntil: 20_000, staleIfErrorUntil: 30_000 };
  it.each([
    [9_999, { kind: 'fresh', ttl: 0 }],
    [10_000, { kind: 'stale', ttl: 0 }],
    [10_001, { kind: 'stale', ttl: -1 }],
    [19_999, { kind: 'stale', ttl: -10 }],
    [20_000, { kind: 'forward', staleIfError: true }],
    [30_000, { kind: 'forward', staleIfError: false }],
  ])('at %i ms is %j', (now, reuse) => expect(evaluate(stored, now)).toEqual(reuse));
});

describe('Vary (RFC 9111 §4.1)', () => {
  const stored = nominate(['accept', 'accept-language'], fieldsOf([['Accept', 'text/html, */*']]));
  it.each([
    [true, { Accept: 'text/html, */*' }],
    [true, { Accept: 'TEXT/html,*/*' }],
    [false, { Accept: 'text/html' }],
    [false, { Accept: 'text/html, */*', 'Accept-Language': '' }],
    [false, {}],
  ])('selects: %s for %j', (selected, fields) => {
    expect(matches(stored, fieldsOf(Object.entries(fields) as FieldLine[]))).toBe(selected);
  });
});

describe('a hostile value', () => {
  it('costs time in proportion to its length: in the square of it, this would take hours', () => {
    const spaces = `a${' '.repeat(10_000_000)}b`;
    expect(nominate(['accept'], fieldsOf([['Accept', spaces]]))).toEqual([['accept', spaces]]);
  });
});

describe('preconditions (RFC 9110 §13.2.2)', () => {
  const validators = { etag: '"a"', lastModified: ago(60) };
  it.each([
    [true, { 'If-None-Match': '"a"' }],
    [true, { 'If-None-Match': 'W/"a"' }],
    [true, { 'If-None-Match': '"x", W/"a"' }],
    [true, { 'If-None-Match': '*' }],
    [false, { 'If-None-Match': '"x"' }],
    [false, { 'If-None-Match': 'a' }],
    [true, { 'If-Modified-Since': ago(60) }],
    [false, { 'If-Modified-Since': ago(61) }],
    [false, { 'If-Modified-Since': 'yesterday' }],
    [false, { 'If-None-Match': '"x"', 'If-Modified-Since': ago(0) }],
    [false, {}],
  ])('not modified: %s for %j', (notModified, fields) => {
    expect(isNotModified(fieldsOf(Object.entries(fields) as FieldLine[]), validators)).toBe(notModified);
  });
});

describe('HTTP dates (RFC 9110 §5.6.7)', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads %s',
    (text) => expect(parseHttpDate(text)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37)),
  );

  it.each(['1994-11-06', 'Sun, 6 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37 +0100', '0', ''])(
    'does not read %j',
    (text) => expect(parseHttpDate(text)).toBeUndefined(),
  );
});

describe('what is replayed', () => {
  it('leaves out connection fields, those Connection names, and what belongs to one exchange', () => {
    const { lines, fields } = response({
      'Content-Type': 'text/plain',
      Connection: 'close, X-Hop',
      'X-Hop': '1',
      'X-Request-Id': 'abc',
      'Transfer-Encoding': 'chunked',
      Age: '5',
      'RateLimit-Remaining': '3',
    });
    expect(replayable(lines, fields)).toEqual([['Content-Type', 'text/plain']]);
  });
});

describe('Cache-Status (RFC 9211)', () => {
  it.each([
    [{ hit: true, ttl: 376 }, 'Larder; hit; ttl=376', 'HIT'],
    [{ hit: true, ttl: -4 }, 'Larder; hit; ttl=-4', 'STALE'],
    [
      { fwd: 'uri-miss', fwdStatus: 200, stored: true },
      'Larder; fwd=uri-miss; fwd-status=200; stored',
      'MISS',
    ],
    [{ fwd: 'uri-miss', collapsed: true, ttl: 60 }, 'Larder; fwd=uri-miss; ttl=60; collapsed', 'MISS'],
    [{ fwd: 'bypass', detail: 'cookie' }, 'Larder; fwd=bypass; detail=cookie', 'BYPASS'],
    [{ fwd: 'method', detail: 'method' }, 'Larder; fwd=method; detail=method', 'BYPASS'],
    [
      { fwd: 'stale', fwdStatus: 503, detail: 'stale-if-error' },
      'Larder; fwd=stale; fwd-status=503; detail=stale-if-error',
      'STALE',
    ],
  ] as const)('%j is "%s" and %s', (status, header, short) => {
    expect(formatCacheStatus(status)).toBe(header);
    expect(xCache(status)).toBe(short);
  });

  it('is appended to what caches nearer the origin have said', () => {
    expect(formatCacheStatus({ hit: true, ttl: 1 }, 'Origin; fwd=miss')).toBe(
      'Origin; fwd=miss, Larder; hit; ttl=1',
    );
  });
});
