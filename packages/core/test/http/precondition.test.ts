import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { belongsOn304, isNotModified, PRECONDITION_FIELDS } from '../../src/http/precondition.ts';
import type { Validators } from '../../src/http/validator.ts';
import { ago, ahead, anyText, fieldsFrom, type Given, MANY } from '../support/heads.ts';

const STORED: Validators = { etag: '"a"', lastModified: ago(60) };
const notModified = (given: Given, validators = STORED) => isNotModified(fieldsFrom(given), validators);

describe('If-None-Match (RFC 9110 §13.1.2)', () => {
  it.each<[boolean, string | string[], string]>([
    [true, '"a"', '"a"'],
    [true, 'W/"a"', '"a"'],
    [true, '"a"', 'W/"a"'],
    [true, 'W/"a"', 'W/"a"'],
    [true, '"x", W/"a"', '"a"'],
    [true, '"x","a"', '"a"'],
    [true, ['"x"', '"a"'], '"a"'],
    [true, ',, "a" ,', '"a"'],
    [true, '"x, y", "a"', '"a"'],
    [true, '*', '"a"'],
    [true, ' * ', '"a"'],
    [true, '""', '""'],
    [false, '"x"', '"a"'],
    [false, '"A"', '"a"'],
    [false, 'a', '"a"'],
    [false, '"a', '"a"'],
    [false, '', '"a"'],
    [false, '"aa"', '"a"'],
    [false, '"*"', '"a"'],
  ])('compares weakly, one by one: %s for %j and %s (§8.8.3.2)', (expected, ifNoneMatch, etag) => {
    expect(notModified({ 'If-None-Match': ifNoneMatch }, { ...STORED, etag })).toBe(expected);
  });

  it('matches nothing but * where there is no entity tag', () => {
    expect(notModified({ 'If-None-Match': '"a"' }, { ...STORED, etag: undefined })).toBe(false);
    expect(notModified({ 'If-None-Match': '*' }, { etag: undefined, lastModified: undefined })).toBe(true);
  });

  it('decides alone where it is there (§13.2.2)', () => {
    expect(notModified({ 'If-None-Match': '"x"', 'If-Modified-Since': ago(0) })).toBe(false);
    expect(notModified({ 'If-None-Match': 'a', 'If-Modified-Since': ago(0) })).toBe(false);
    expect(notModified({ 'If-None-Match': '"a"', 'If-Modified-Since': ago(120) })).toBe(true);
  });
});

describe('If-Modified-Since (RFC 9110 §13.1.3)', () => {
  it.each<[boolean, string | string[]]>([
    [true, ago(60)],
    [true, ago(59)],
    [true, ahead(3600)],
    [true, 'Wednesday, 31-Dec-25 23:59:00 GMT'],
    [false, ago(61)],
  ])('is about whether it was modified since: %s for %j', (expected, since) => {
    expect(notModified({ 'If-Modified-Since': since })).toBe(expected);
  });

  it.each<string | string[]>(['', 'yesterday', '0', ago(60).replace('GMT', 'EST'), [ago(60), ago(60)]])(
    'is ignored where it is no date, or several: %j',
    (since) => expect(notModified({ 'If-Modified-Since': since })).toBe(false),
  );

  it.each([undefined, 'yesterday'])('is not met where Last-Modified is %s', (lastModified) => {
    expect(notModified({ 'If-Modified-Since': ago(0) }, { ...STORED, lastModified })).toBe(false);
  });
});

describe('a request without a precondition', () => {
  it('gets what it asks for', () => expect(notModified({})).toBe(false));

  it.each(['If-Match', 'If-Unmodified-Since', 'If-Range'])(
    'is one with %s, which is not for caches (RFC 9111 §4.3.2)',
    (name) => {
      expect(notModified({ [name]: '"a"' })).toBe(false);
    },
  );

  it('is what fills the cache', () => {
    expect(PRECONDITION_FIELDS).toEqual(['if-none-match', 'if-modified-since']);
  });
});

describe('a 304 (RFC 9110 §15.4.5)', () => {
  it.each(['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary'])('repeats %s', (name) => {
    expect(belongsOn304(name)).toBe(true);
  });

  it.each(['access-control-allow-origin', 'link', 'x-anything', 'cache-status', 'age'])(
    'has %s, which is about the exchange',
    (name) => expect(belongsOn304(name)).toBe(true),
  );

  it.each([
    'content-type',
    'content-length',
    'content-encoding',
    'content-language',
    'last-modified',
    'accept-ranges',
  ])('leaves out %s, which is about the representation', (name) => expect(belongsOn304(name)).toBe(false));

  it.each(['transfer-encoding', 'trailer'])('leaves out %s, having no content', (name) => {
    expect(belongsOn304(name)).toBe(false);
  });
});

describe('any precondition', () => {
  it('is met or not', () => {
    fc.assert(
      fc.property(anyText, anyText, (ifNoneMatch, since) => {
        notModified({ 'If-None-Match': ifNoneMatch, 'If-Modified-Since': since });
        notModified({ 'If-Modified-Since': since });
      }),
      { numRuns: 2000 },
    );
  });

  it('is met behind any number of entity tags', () => {
    const tag = fc.stringMatching(/^(W\/)?"[!#-~]{0,8}"$/);
    fc.assert(
      fc.property(fc.array(tag), fc.array(tag), tag, (before, behind, etag) => {
        const all = [...before, etag, ...behind].join(', ');
        expect(notModified({ 'If-None-Match': all }, { ...STORED, etag })).toBe(true);
      }),
    );
  });

  it('is read in time that grows with its length', () => {
    for (const unit of [' ', ',', '"', 'W/', 'W/"', '"a', '"a",', '" ', '*']) {
      expect(notModified({ 'If-None-Match': unit.repeat(MANY / 4) }, { ...STORED, etag: '"b"' })).toBe(false);
    }
    expect(notModified({ 'If-None-Match': `"${'a'.repeat(MANY)}` })).toBe(false);
  });
});
