import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entityTags,
  hasValidator,
  isEntityTag,
  validatorsOf,
  weaklyEqual,
} from '../../src/http/validator.ts';
import { ago, anyText, fieldsFrom, type Given } from '../support/heads.ts';

describe('an entity tag (RFC 9110 §8.8.3)', () => {
  it.each(['"a"', 'W/"a"', '""', 'W/""', '"\'!#~,;"', '"é"', '"a\\b"'])('is %s', (text) => {
    expect(isEntityTag(text)).toBe(true);
  });

  it.each([
    '',
    'a',
    '"a',
    'a"',
    'w/"a"',
    'W/ "a"',
    '"a b"',
    '"a"b"',
    '"a", "b"',
    '*',
    '"a"\n',
    '"\x7f"',
    '"ā"',
    ' "a"',
  ])('is not %j', (text) => expect(isEntityTag(text)).toBe(false));

  it.each([
    ['W/"1"', 'W/"1"', true],
    ['W/"1"', 'W/"2"', false],
    ['W/"1"', '"1"', true],
    ['"1"', '"1"', true],
  ])('is weakly equal as the table says: %s and %s (§8.8.3.2)', (a, b, equal) => {
    expect([weaklyEqual(a, b), weaklyEqual(b, a)]).toEqual([equal, equal]);
  });
});

describe('a list of entity tags (RFC 9110 §13.1.2)', () => {
  it('is *, or each in its order', () => {
    expect(entityTags('*')).toBe('*');
    expect(entityTags('"a", W/"b","c,d"')).toEqual(['"a"', 'W/"b"', '"c,d"']);
    expect(entityTags('none')).toEqual([]);
  });

  it('is entity tags and nothing else in any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tags = entityTags(text);
        if (tags !== '*') expect(tags.every(isEntityTag)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the validators of a response (RFC 9110 §8.8)', () => {
  it.each<[Given, object]>([
    [
      { ETag: '"a"', 'Last-Modified': ago(9) },
      { etag: '"a"', lastModified: ago(9) },
    ],
    [
      { ETag: 'a', 'Last-Modified': 'yesterday' },
      { etag: undefined, lastModified: undefined },
    ],
    [
      { ETag: ['"a"', '"b"'], 'Last-Modified': [ago(9), ago(9)] },
      { etag: undefined, lastModified: undefined },
    ],
    [{}, { etag: undefined, lastModified: undefined }],
  ])('are those that can be read: of %j, %j', (given, validators) => {
    expect(validatorsOf(fieldsFrom(given))).toEqual(validators);
  });

  it('are there where one of them is', () => {
    expect(hasValidator(fieldsFrom({ ETag: '"a"' }))).toBe(true);
    expect(hasValidator(fieldsFrom({ 'Last-Modified': ago(9) }))).toBe(true);
    expect(hasValidator(fieldsFrom({ ETag: 'a' }))).toBe(false);
  });
});
