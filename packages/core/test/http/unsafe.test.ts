import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSafe } from '../../src/http/message.ts';
import { groupsOf, originOf, outOfDate, sameOrigin } from '../../src/http/unsafe.ts';
import { anyText, fieldsFrom, type Given, MANY, request } from '../support/heads.ts';

const PUT = request({}, { method: 'PUT', authority: 'example.com', target: '/a/b?c=d' });
const madeBy = (given: Given, put = PUT) => outOfDate(put, fieldsFrom(given));

describe('a method', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('is safe if it is %s (RFC 9110 §9.2.1)', (method) => {
    expect(isSafe(method)).toBe(true);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'PURGE', 'get', ''])(
    'is not if it is %s: one that is not known counts as unsafe (RFC 9111 §4.4)',
    (method) => expect(isSafe(method)).toBe(false),
  );
});

describe('an unsafe request (RFC 9111 §4.4)', () => {
  it('makes its target URI out of date', () => {
    expect(madeBy({})).toEqual({ uris: ['http://example.com/a/b?c=d'], groups: [] });
  });

  it('makes what Location and Content-Location name out of date with it', () => {
    const given = { Location: '/new', 'Content-Location': 'http://example.com/a?x' };
    expect(madeBy(given).uris).toEqual([
      'http://example.com/a/b?c=d',
      'http://example.com/new',
      'http://example.com/a?x',
    ]);
  });

  it('makes each out of date once', () => {
    expect(madeBy({ Location: '/a/b?c=d', 'Content-Location': '?c=d' }).uris).toHaveLength(1);
  });

  it('makes nothing of another origin out of date', () => {
    expect(
      madeBy({ Location: 'http://other.example/', 'Content-Location': '//other.example/' }).uris,
    ).toHaveLength(1);
  });
});

describe('a reference to the request’s own origin', () => {
  it.each([
    ['/x', '/x'],
    ['x', '/a/x'],
    ['../x', '/x'],
    ['?q', '/a/b?q'],
    ['', '/a/b?c=d'],
    ['#f', '/a/b?c=d'],
    ['/x#f', '/x'],
    [' /x ', '/x'],
    ['http://example.com/x', '/x'],
    ['HTTP://EXAMPLE.COM:80/x', '/x'],
    ['http://example.com', '/'],
    ['//example.com/x', '/x'],
    ['http://user@example.com/x', '/x'],
  ])('is a target of it: %j is %s', (reference, target) => {
    expect(sameOrigin(PUT, reference)).toBe(`http://example.com${target}`);
  });

  it.each([
    'https://example.com/x',
    'http://example.com:8080/x',
    'http://www.example.com/x',
    'http://example.com.evil/x',
    'http://example.com@evil/x',
    '//evil/x',
    '\\\\evil/x',
    'mailto:a@example.com',
    'blob:http://example.com/x',
    'data:,x',
    'http://',
    'http://[',
  ])('is not %s', (reference) => expect(sameOrigin(PUT, reference)).toBeUndefined());

  it('is none where there is no reference', () => expect(sameOrigin(PUT, undefined)).toBeUndefined());

  it('has the authority as the request has it', () => {
    const put = request({}, { scheme: 'https', authority: 'example.com:443' });
    expect(sameOrigin(put, 'https://example.com/x')).toBe('https://example.com:443/x');
  });

  it('is none where the request has none that can be read', () => {
    expect(sameOrigin(request({}, { authority: '[' }), '/x')).toBeUndefined();
    expect(sameOrigin(request({}, { authority: 'a', target: '*' }), 'http://b/x')).toBeUndefined();
  });

  it('is a target of it for any text, or is none', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (reference, authority, target) => {
        const put = request({}, { authority, target });
        expect(sameOrigin(put, reference) ?? `${originOf(put)}/`).toSatisfy((uri: string) =>
          uri.startsWith(originOf(put)),
        );
        expect(sameOrigin(PUT, reference) ?? 'http://example.com/').toMatch(/^http:\/\/example\.com\//);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('groups (RFC 9875 §2, §3)', () => {
  it.each([
    ['"a"', ['a']],
    ['"a", "b c", ""', ['a', 'b c', '']],
    ['"a";x=1, "a"', ['a']],
    ['"A", "a"', ['A', 'a']],
    ['"a, b"', ['a, b']],
    ['"\\"\\\\"', ['"\\']],
    [' "a" ', ['a']],
  ])('are the strings of a list: %s', (value, groups) => expect(groupsOf(value)).toEqual(groups));

  it.each([
    undefined,
    '',
    'a',
    '"a", b',
    '"a" "b"',
    '"a",',
    '1',
    '("a")',
    '?1',
    '"a',
    ':YQ==:',
    '"é"',
    '"a"; "b"',
  ])('are none in what is no list of strings: %j', (value) => expect(groupsOf(value)).toEqual([]));

  it('are as many as thirty-two, and as long as thirty-two characters (§2)', () => {
    const many = Array.from({ length: 32 }, (_, i) => `${i}`.padStart(32, 'x'));
    expect(groupsOf(many.map((name) => `"${name}"`).join(', '))).toEqual(many);
  });

  it('are what an unsafe request’s response invalidates (§3)', () => {
    expect(madeBy({ 'Cache-Group-Invalidation': '"a", "b"' }).groups).toEqual(['a', 'b']);
    expect(madeBy({ 'Cache-Groups': '"a"' }).groups).toEqual([]);
  });

  it('are different names in any text, or none', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const groups = groupsOf(text);
        expect(new Set(groups).size).toBe(groups.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('however long', () => {
  it('a reference or a list is read in time that grows with its length', () => {
    expect(sameOrigin(PUT, `/${'../'.repeat(MANY / 10)}x`)).toBe('http://example.com/x');
    expect(sameOrigin(PUT, `${' '.repeat(MANY)}/x`)).toBe('http://example.com/x');
    expect(groupsOf('"a",'.repeat(MANY / 10))).toEqual([]);
    expect(groupsOf(`"a"${', "a"'.repeat(MANY / 10)}`)).toEqual(['a']);
  });
});
