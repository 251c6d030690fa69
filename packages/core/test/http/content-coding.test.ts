import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptsCoding, encodingClass } from '../../src/http/content-coding.ts';

const ALL = 'zstd,br,gzip,deflate,compress';

describe('what Accept-Encoding accepts (RFC 9110 §12.5.3)', () => {
  it.each([
    ['anything, when it is absent', undefined, null],
    ['no coding, when it is empty', '', ''],
    ['no coding, when it is identity', 'identity', ''],
    ['codings in any order', 'gzip, br', 'br,gzip'],
    ['codings of any weight', 'br;q=0.001, gzip;q=1', 'br,gzip'],
    ['codings in any case', 'GZip;Q=0.5', 'gzip'],
    ['x-gzip as gzip (§8.4.1.3)', 'x-gzip, gzip', 'gzip'],
    ['x-compress as compress (§8.4.1.1)', 'x-compress', 'compress'],
    ['codings that no server speaks, told apart from nothing', 'x, foo, gzip', 'gzip'],
    ['none that weighs nothing', 'gzip, br;q=0.000', 'gzip'],
    ['with *, those not mentioned', '*', ALL],
    ['with *, not those that weigh nothing', 'gzip;q=0, *', 'zstd,br,deflate,compress'],
    ['without *, those mentioned', 'gzip, *;q=0', 'gzip,identity;q=0'],
    ['identity, mentioned beside a refused *', 'identity;q=0.1, *;q=0', ''],
    ['no identity, where that is refused', 'identity;q=0, gzip', 'gzip,identity;q=0'],
    ['no identity, whatever * says', '*, identity;q=0', `${ALL},identity;q=0`],
    ['nothing at all', '*;q=0', 'identity;q=0'],
    ['none with a malformed weight (§12.4.2)', 'gzip;q=yes, br;q=2, zstd;q', ''],
    ['none with two weights', 'gzip;q=1;q=0.5', ''],
    ['none that is accepted and refused', 'gzip, gzip;q=0, x-gzip', ''],
    ['no coding, when it cannot be read', 'gzip, br;x="', ''],
  ])('%s', (_, value, expected) => expect(encodingClass(value)).toBe(expected));
});

describe('a Content-Encoding (RFC 9110 §8.4)', () => {
  it.each([
    [true, 'gzip', undefined],
    [true, undefined, undefined],
    [true, undefined, ''],
    [true, '', ''],
    [true, 'identity', 'gzip'],
    [true, undefined, 'gzip'],
    [false, undefined, 'identity;q=0'],
    [false, undefined, 'gzip, *;q=0'],
    [true, undefined, 'identity, *;q=0'],
    [false, 'gzip', ''],
    [true, 'gzip', 'gzip'],
    [true, 'GZIP', 'x-gzip;q=0.1'],
    [true, 'x-gzip', 'gzip'],
    [false, 'gzip', 'gzip;q=0'],
    [false, 'gzip', 'br'],
    [true, 'gzip', '*'],
    [false, 'gzip', '*, gzip;q=0'],
    [true, 'gzip, br', 'br, gzip'],
    [true, 'gzip, br', 'br, gzip, identity;q=0'],
    [false, 'gzip, br', 'br'],
    [true, 'gzip, identity', 'gzip, identity;q=0'],
    [true, 'dcb', 'DCB'],
    [true, 'dcb', '*'],
    [false, 'dcb', 'gzip'],
    [false, 'constructor', 'gzip'],
  ])('is acceptable: %s for %j to %j', (acceptable, coding, value) => {
    expect(acceptsCoding(coding, value)).toBe(acceptable);
  });
});

describe('the class of an Accept-Encoding', () => {
  const value = fc.oneof(
    fc.string(),
    fc
      .array(
        fc
          .tuple(
            fc.constantFrom('gzip', 'X-Gzip', 'br', 'zstd', 'deflate', 'compress', 'identity', '*', 'foo'),
            fc.constantFrom('', ';q=0', '; q=0.5', ';q=1', ';q=x'),
          )
          .map((parts) => parts.join('')),
      )
      .map((members) => members.join(', ')),
  );

  it('is its own class', () => {
    fc.assert(
      fc.property(value, (text) => {
        const folded = encodingClass(text)!;
        expect(encodingClass(folded)).toBe(folded);
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts what the value accepts, of the codings it tells apart', () => {
    fc.assert(
      fc.property(value, (text) => {
        for (const coding of [undefined, 'gzip', 'br', 'zstd', 'deflate', 'compress', 'gzip, br'])
          expect(acceptsCoding(coding, encodingClass(text)!)).toBe(acceptsCoding(coding, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('is found, and a coding judged, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (coding, text) => {
        expect(encodingClass(text)).toBeTypeOf('string');
        expect(acceptsCoding(coding, text)).toBeTypeOf('boolean');
      }),
    );
  });
});
