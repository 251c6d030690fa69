import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltaSeconds, parseCacheControl } from '../../src/http/cache-control.ts';
import { anyText, MANY } from '../support/heads.ts';

const read = (value: string) => Object.fromEntries(parseCacheControl(value));

describe('Cache-Control (RFC 9111 §5.2)', () => {
  it.each([
    ['max-age=60', { 'max-age': '60' }],
    ['MAX-AGE=60, Public', { 'max-age': '60', public: '' }],
    ['max-age="60"', { 'max-age': '60' }],
    ['private="x, y", max-age=1', { private: 'x, y', 'max-age': '1' }],
    ['private=x', { private: 'x' }],
    [' , ,no-store,, ', { 'no-store': '' }],
    ['max-age=1,no-store\t,\tpublic', { 'max-age': '1', 'no-store': '', public: '' }],
    ['no-store;x, private', { 'no-store': '', private: '' }],
    ['ext="a\\"b", no-store', { ext: 'a"b', 'no-store': '' }],
    ['ext="a\\\\", no-store', { ext: 'a\\', 'no-store': '' }],
    ['max-age="6\\0"', { 'max-age': '60' }],
    ['ext="no-store, private"', { ext: 'no-store, private' }],
    ['@@, no-store', { 'no-store': '' }],
    ['', {}],
  ])('reads %j', (value, directives) => expect(read(value)).toEqual(directives));

  it.each([
    ['max-age=1, max-age=2', { 'max-age': '1' }],
    ['max-age, max-age=2', { 'max-age': '' }],
    ['no-cache="a", no-cache="b"', { 'no-cache': 'a,b' }],
    ['no-cache="a", no-cache', { 'no-cache': '' }],
    ['private, private="a"', { private: '' }],
  ])('of duplicates has the first, and of field names all (§4.2.1): %s', (value, directives) => {
    expect(read(value)).toEqual(directives);
  });

  it.each([
    ['max-age=60 x', { 'max-age': '60 x' }],
    ['max-age="60"0', { 'max-age': '60 0' }],
    ['max-age="60, no-store', { 'max-age': '"60', 'no-store': '' }],
    ['no-cache="a b"', { 'no-cache': '' }],
    ['no-cache="a"b', { 'no-cache': '' }],
    ['no-cache=","', { 'no-cache': '' }],
    ['no-cache="a, no-store', { 'no-cache': '', 'no-store': '' }],
  ])('takes no argument for another that it cannot read: %s', (value, directives) => {
    expect(read(value)).toEqual(directives);
  });

  it('never throws, and finds no-store behind anything without quotes', () => {
    fc.assert(
      fc.property(anyText, (noise) => {
        parseCacheControl(noise);
        expect(parseCacheControl(`${noise.replaceAll('"', '')}, no-store`).has('no-store')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['max-age=60', 60],
    ['max-age=0', 0],
    ['max-age', 0],
    ['max-age=-1', 0],
    ['max-age=1.5', 0],
    ['max-age=99999999999999', 2 ** 31],
    ['public', undefined],
  ])('%s is %s seconds', (value, seconds) => {
    expect(deltaSeconds(parseCacheControl(value), 'max-age')).toBe(seconds);
  });

  it.each([
    ['a quote that never ends', 'a="', 'x', ''],
    ['a quote that ends', 'a="', 'x', '"'],
    ['escapes in a quote that never ends', 'a="', '\\"', ''],
    ['escapes in a quote that ends', 'a="', '\\"', '"'],
    ['space behind a name', 'a', ' ', 'b'],
    ['space behind =', 'a=', ' ', '"'],
    ['space in front', '', ' ', '='],
    ['commas', '', ',', ''],
    ['quotes', '', '"', ''],
    ['directives', '', 'a,', ''],
    ['field names', '', 'private=a,', ''],
    ['arguments that cannot be read', '', 'a="\\",', ''],
  ])('is read in time that grows with its length: %s', (_, start, unit, end) => {
    expect(parseCacheControl(start + unit.repeat(MANY / 4) + end).size).toBeLessThan(2);
  });
});
