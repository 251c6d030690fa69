import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currentAge, generatedAt } from '../../src/http/age.ts';
import { ago, ahead, anyText, type Given, NOW, response } from '../support/heads.ts';

const ASKED = NOW - 2000;
const ageOf = (given: Given) => (NOW - generatedAt(response(given), ASKED, NOW)) / 1000;

describe('the age of a response when it is got (RFC 9111 §4.2.3)', () => {
  it.each<[string, Given, number]>([
    ['is none where the handler made it', {}, 0],
    ['is what its Date says', { Date: ago(40) }, 40],
    ['is what its Date says in any form', { Date: 'Wednesday, 31-Dec-25 23:59:20 GMT' }, 40],
    ['is not negative for a Date in the future', { Date: ahead(40) }, 0],
    ['is none for a Date that cannot be read', { Date: 'now' }, 0],
    ['is what it arrived with, and the time it took to arrive', { Age: '100' }, 102],
    ['is the time it took to arrive where it arrived new', { Age: '0' }, 2],
    ['is the greater of both', { Age: '100', Date: ago(200) }, 200],
    ['is the greater of both, whichever that is', { Age: '100', Date: ago(50) }, 102],
    ['is at most 2^31 seconds by its Age (§1.2.2)', { Age: '99999999999999999999' }, 2 ** 31 + 2],
  ])('%s: %j', (_, given, seconds) => expect(ageOf(given)).toBe(seconds));

  it.each<[Given, number]>([
    [{ Age: '100, 300' }, 102],
    [{ Age: ['100', '300'] }, 102],
    [{ Age: '100, old' }, 102],
    [{ Age: 'old, 100' }, 0],
  ])('is the first of several Ages (§5.1): %j', (given, seconds) => expect(ageOf(given)).toBe(seconds));

  it.each(['', 'old', '-1', '+1', '1.5', '1e2', '0x10', '10 s', '"10"', '١٠', ';10', 'NaN', 'Infinity'])(
    'is not by an Age that is no number of seconds (§5.1): %j',
    (value) => expect(ageOf({ Age: value })).toBe(0),
  );
});

describe('the current age (RFC 9111 §5.1)', () => {
  it.each([
    [0, 0],
    [999, 0],
    [1000, 1],
    [61_999, 61],
    [-5000, 0],
  ])('after %i ms is %i whole seconds, and never negative', (elapsed, seconds) => {
    expect(currentAge(NOW, NOW + elapsed)).toBe(seconds);
  });
});

describe('for any Age and Date', () => {
  it('a response was generated at some time, and not after it was got', () => {
    const value = fc.oneof(anyText, fc.nat().map(String), fc.integer().map(ago));
    fc.assert(
      fc.property(value, value, (age, date) => {
        const generated = generatedAt(response({ Age: age, Date: date }), ASKED, NOW);
        expect(Number.isFinite(generated)).toBe(true);
        expect(generated).toBeLessThanOrEqual(NOW);
      }),
      { numRuns: 2000 },
    );
  });
});
