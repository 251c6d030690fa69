import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controlOf, ownControl, parseTargeted } from '../../src/http/targeted.ts';
import { anyText, fieldsFrom, type Given, MANY } from '../support/heads.ts';

const read = (value: string) => {
  const directives = parseTargeted(value);
  return directives && Object.fromEntries(directives);
};
const control = (given: Given) => {
  const { directives, targeted } = controlOf(fieldsFrom(given));
  return { ...Object.fromEntries(directives), targeted };
};

describe('a targeted field (RFC 9213 §2.1)', () => {
  it.each([
    ['max-age=60, public', { 'max-age': '60', public: '' }],
    ['no-cache="set-cookie, x"', { 'no-cache': 'set-cookie, x' }],
    ['private="x"', { private: 'x' }],
    ['no-store=?1', { 'no-store': '' }],
    ['max-age=1, max-age=2', { 'max-age': '2' }],
    ['max-age=60;x=1, no-store;y', { 'max-age': '60', 'no-store': '' }],
    ['max-age=-1', { 'max-age': '-1' }],
  ])('is a dictionary of directives, whose parameters say nothing: %s', (value, directives) => {
    expect(read(value)).toEqual(directives);
  });

  it.each([
    '',
    ' ',
    'max-age=60,',
    'max-age = 60',
    'Max-Age=60',
    'max-age=60 x',
    'max-age=',
    ',',
    '@@',
    'no-store;',
    '"a"',
  ])('is none where it is empty or cannot be parsed: %j', (value) => expect(read(value)).toBeUndefined());

  it.each([
    'max-age="60"',
    'max-age=60.0',
    'max-age=soon',
    'max-age',
    'max-age=?0',
    'max-age=(60)',
    's-maxage="1"',
    'stale-if-error="1"',
  ])('says nothing by a number that is none: %s', (value) =>
    expect(read(`${value}, immutable`)).toEqual({ immutable: '' }),
  );

  it.each(['public=1', 'public="x"', 'public=?0', 'immutable=x', 'no-store=?0', 'x=1', 'x="1"'])(
    'says nothing by what is allowed in another way: %s',
    (value) => expect(read(value)).toEqual({}),
  );

  it.each(['no-store', 'private', 'no-cache', 'must-revalidate', 'proxy-revalidate', 'must-understand'])(
    'forbids by %s, whatever its value',
    (name) => {
      for (const value of ['1', '1.5', 'x', '("a" "b")', ':YQ==:', '@1']) {
        expect(read(`${name}=${value}`)).toEqual({ [name]: '' });
      }
    },
  );

  it.each(['no-store', 'must-revalidate'])('forbids by %s with a text', (name) => {
    expect(read(`${name}="x"`)).toEqual({ [name]: '' });
  });
});

describe('what is said to this cache (RFC 9213 §2.2)', () => {
  const ALL = {
    'Cache-Control': 'max-age=1',
    'CDN-Cache-Control': 'max-age=2',
    'Larder-Cache-Control': 'max-age=3',
  };

  it.each<[Given, object]>([
    [ALL, { 'max-age': '3', targeted: true }],
    [
      { ...ALL, 'Larder-Cache-Control': '' },
      { 'max-age': '2', targeted: true },
    ],
    [
      { ...ALL, 'Larder-Cache-Control': 'max-age=3,' },
      { 'max-age': '2', targeted: true },
    ],
    [
      { ...ALL, 'Larder-Cache-Control': '?', 'CDN-Cache-Control': '' },
      { 'max-age': '1', targeted: false },
    ],
    [
      { 'Cache-Control': 'no-store', 'CDN-Cache-Control': 'public' },
      { public: '', targeted: true },
    ],
    [{ 'CDN-Cache-Control': ['max-age=2', 'public'] }, { 'max-age': '2', public: '', targeted: true }],
    [{ 'CDN-Cache-Control': ['max-age=2', ''] }, { targeted: false }],
    [{ 'CDN-Cache-Control': 'x=1', 'Cache-Control': 'max-age=1' }, { targeted: true }],
    [{ 'Other-Cache-Control': 'max-age=1' }, { targeted: false }],
    [{}, { targeted: false }],
  ])('is the first field that can be read, and nothing besides: %j is %j', (given, said) => {
    expect(control(given)).toEqual(said);
  });

  it('by its own name is that field alone', () => {
    expect(ownControl(fieldsFrom(ALL))?.get('max-age')).toBe('3');
    expect(ownControl(fieldsFrom({ 'CDN-Cache-Control': 'max-age=2' }))).toBeUndefined();
    expect(ownControl(fieldsFrom({ 'Larder-Cache-Control': 'max-age' }))?.size).toBe(0);
    expect(ownControl(fieldsFrom({ 'Larder-Cache-Control': '' }))).toBeUndefined();
  });
});

describe('any text', () => {
  it('is some control, and never an error', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (own, cdn, all) => {
        const { directives } = controlOf(
          fieldsFrom({ 'Larder-Cache-Control': own, 'CDN-Cache-Control': cdn, 'Cache-Control': all }),
        );
        for (const name of directives.keys()) expect(name).toBe(name.toLowerCase());
      }),
      { numRuns: 2000 },
    );
  });

  it('is read in time that grows with its length', () => {
    for (const value of [' ', 'a,', 'a ', '"', 'a="', '(', 'a;']) {
      expect(parseTargeted(value.repeat(MANY / 4))?.size ?? 0).toBe(0);
    }
  });
});
