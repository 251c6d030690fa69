import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../src/http/date.ts';
import { anyText, MANY } from '../support/heads.ts';

const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);
const YEAR_0 = new Date(0).setUTCFullYear(0, 0, 1);

describe('an HTTP date (RFC 9110 §5.6.7)', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'has three forms, one of which is %s',
    (text) => expect(parseHttpDate(text)).toBe(EXAMPLE),
  );

  it.each(['SUN, 06 NOV 1994 08:49:37 GMT', 'sunday, 06-nov-94 08:49:37 gmt', 'sUN nOV  6 08:49:37 1994'])(
    'is one in any case (RFC 9111 §4.2): %s',
    (text) => expect(parseHttpDate(text)).toBe(EXAMPLE),
  );

  it('is written in the preferred form', () => {
    expect(formatHttpDate(EXAMPLE + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  });

  it.each([
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['Mon, 01 Jan 0000 00:00:00 GMT', YEAR_0],
    ['Sun, 06 Nov 0094 08:49:37 GMT', new Date(EXAMPLE).setUTCFullYear(94)],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59)],
    ['Sun Nov 16 08:49:37 1994', Date.UTC(1994, 10, 16, 8, 49, 37)],
  ])('is the day it says: %s', (text, at) => expect(parseHttpDate(text)).toBe(at));

  it.each([
    ['another zone (RFC 9111 §4.2)', 'Sun, 06 Nov 1994 08:49:37 EST'],
    ['an offset', 'Sun, 06 Nov 1994 08:49:37 +0000'],
    ['UTC', 'Sun, 06 Nov 1994 08:49:37 UTC'],
    ['no zone', 'Sun, 06 Nov 1994 08:49:37'],
    ['a zone where asctime has none', 'Sun Nov  6 08:49:37 1994 GMT'],
    ['one digit for a day', 'Sun, 6 Nov 1994 08:49:37 GMT'],
    ['one digit for an hour', 'Sun, 06 Nov 1994 8:49:37 GMT'],
    ['a year of two digits in the preferred form', 'Sun, 06 Nov 94 08:49:37 GMT'],
    ['a year of four in the form of RFC 850', 'Sunday, 06-Nov-1994 08:49:37 GMT'],
    ['a year of five', 'Sun, 06 Nov 19940 08:49:37 GMT'],
    ['a day of another language', 'Son, 06 Nov 1994 08:49:37 GMT'],
    ['a month of another language', 'Sun, 06 Okt 1994 08:49:37 GMT'],
    ['a 31st of November', 'Sun, 31 Nov 1994 08:49:37 GMT'],
    ['a 29th of February', 'Wed, 29 Feb 2023 08:49:37 GMT'],
    ['a 0th', 'Sun, 00 Nov 1994 08:49:37 GMT'],
    ['hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT'],
    ['minute 60', 'Sun, 06 Nov 1994 08:60:00 GMT'],
    ['second 61', 'Sun, 06 Nov 1994 08:49:61 GMT'],
    ['two spaces', 'Sun, 06  Nov 1994 08:49:37 GMT'],
    ['a space in front', ' Sun, 06 Nov 1994 08:49:37 GMT'],
    ['something behind', 'Sun, 06 Nov 1994 08:49:37 GMT;'],
    ['a line end behind', 'Sun, 06 Nov 1994 08:49:37 GMT\n'],
    ['two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT'],
    ['another standard', '1994-11-06T08:49:37Z'],
    ['a number', '784111777'],
    ['0', '0'],
    ['nothing', ''],
  ])('is none with %s', (_, text) => expect(parseHttpDate(text)).toBeUndefined());
});

describe('a year of two digits (RFC 9110 §5.6.7)', () => {
  const NOW = Date.UTC(2026, 5, 15, 12);
  const yearOf = (text: string, now = NOW) => new Date(parseHttpDate(text, now)!).getUTCFullYear();

  it.each([
    ['Monday, 15-Jun-26 12:00:00 GMT', 2026],
    ['Monday, 15-Jun-27 12:00:00 GMT', 2027],
    ['Monday, 15-Jun-00 12:00:00 GMT', 2000],
    ['Monday, 15-Jun-75 12:00:00 GMT', 2075],
    ['Monday, 15-Jun-76 12:00:00 GMT', 2076],
    ['Monday, 15-Jun-76 12:00:01 GMT', 1976],
    ['Monday, 31-Dec-76 12:00:00 GMT', 1976],
    ['Monday, 15-Jun-77 12:00:00 GMT', 1977],
    ['Monday, 15-Jun-99 12:00:00 GMT', 1999],
  ])('of %s is %i in June 2026: more than fifty years ahead is in the past', (text, year) => {
    expect(yearOf(text)).toBe(year);
  });

  it('is of the next century when that is near', () => {
    const now = Date.UTC(2099, 11, 31);
    expect(yearOf('Friday, 01-Jan-00 00:00:00 GMT', now)).toBe(2100);
    expect(yearOf('Friday, 01-Jan-99 00:00:00 GMT', now)).toBe(2099);
    expect(yearOf('Friday, 01-Jan-50 00:00:00 GMT', now)).toBe(2050);
  });
});

describe('any time', () => {
  const anyTime = fc.integer({ min: YEAR_0, max: Date.UTC(10_000, 0) - 1 });

  it('that is written is read as it was, less what is no whole second', () => {
    fc.assert(
      fc.property(anyTime, (at) => {
        expect(parseHttpDate(formatHttpDate(at))).toBe(Math.floor(at / 1000) * 1000);
      }),
      { numRuns: 5000 },
    );
  });

  it('of two digits is at most fifty years ahead and less than that behind', () => {
    const clock = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2300, 0) });
    fc.assert(
      fc.property(clock, fc.integer({ min: 0, max: 99 }), (now, year) => {
        const read = parseHttpDate(`Monday, 15-Jun-${String(year).padStart(2, '0')} 12:00:00 GMT`, now)!;
        expect(read).toBeLessThanOrEqual(new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() + 50));
        expect(read).toBeGreaterThan(new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() - 51));
      }),
    );
  });
});

describe('any text', () => {
  const cut = fc
    .tuple(
      fc.constantFrom('Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT'),
      fc.nat(30),
      anyText,
    )
    .map(([text, at, noise]) => text.slice(0, at) + noise + text.slice(at + 1));

  it('is a time or none', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, cut), (text) => {
        expect(Number.isNaN(parseHttpDate(text) ?? 0)).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  it('that is too long is none', () => {
    expect(parseHttpDate(' '.repeat(MANY))).toBeUndefined();
    expect(parseHttpDate(`Sun, 06 Nov ${'1'.repeat(MANY)} 08:49:37 GMT`)).toBeUndefined();
  });
});
