import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldsOf, isToken, listOf, mergeLists } from '../../src/http/fields.ts';
import { anyText, MANY } from '../support/heads.ts';

describe('fields (RFC 9110 §5.3)', () => {
  it('are combined by name, in their order and whatever their case', () => {
    const fields = fieldsOf([
      ['Accept', 'a'],
      ['X', ''],
      ['accept', ['b', 'c']],
      ['ACCEPT', 'd'],
    ]);
    expect([fields.get('accept'), fields.get('x'), fields.get('y')]).toEqual(['a, b, c, d', '', undefined]);
  });
});

describe('a list (RFC 9110 §5.6.1)', () => {
  it.each([
    [undefined, []],
    ['', []],
    [' , ,,', []],
    ['Accept', ['accept']],
    ['a,B ,\tC', ['a', 'b', 'c']],
    [', a ,, b,', ['a', 'b']],
    ['a, a', ['a', 'a']],
  ])('has the members that are not empty, in lower case: %j', (value, members) => {
    expect(listOf(value)).toEqual(members);
  });

  it('is merged with others without repeats, each member as it was first', () => {
    expect(mergeLists('Accept, cookie', undefined, 'ACCEPT,, X', '')).toBe('Accept, cookie, X');
    expect(mergeLists()).toBe('');
  });

  it('has no empty member, and no comma in one, in any text', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        for (const member of listOf(a)) expect(member).toMatch(/^[^,]+$/);
        const merged = mergeLists(a, b);
        expect(mergeLists(merged, merged)).toBe(merged);
        expect(new Set(listOf(merged))).toEqual(new Set([...listOf(a), ...listOf(b)]));
      }),
      { numRuns: 2000 },
    );
  });

  it('is read in time that grows with its length', () => {
    expect(listOf(`a${' '.repeat(MANY)}`)).toEqual(['a']);
    expect(listOf(','.repeat(MANY))).toEqual([]);
    expect(mergeLists('a,'.repeat(MANY / 4), ' '.repeat(MANY))).toBe('a');
  });
});

describe('a token (RFC 9110 §5.6.2)', () => {
  it.each(['a', 'X-Y', "!#$%&'*+-.^_`|~09"])('is %s', (text) => expect(isToken(text)).toBe(true));
  it.each(['', ' ', 'a b', 'a:', '"a"', 'a,b', 'é', 'a\n', '('])('is not %j', (text) =>
    expect(isToken(text)).toBe(false),
  );
});
