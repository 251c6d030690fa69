import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltaSeconds, parseCacheControl } from '../../src/http/cache-control.ts';

const read = (value: string) => Object.fromEntries(parseCacheControl(value));

describe('Cache-Control (RFC 9111 §5.2)', () => {
  it.each([
    ['max-age=60', { 'max-age': '60' }],
    ['MAX-AGE=60, Public', { 'max-age': '60', public: '' }],
    ['max-age="60"', { 'max-age': '60' }],
    ['private="x, y", max-age=1', { private: 'x, y', 'max-age': '1' }],
    [' , ,no-store,, ', { 'no-store': '' }],
    ['max-age=1, max-age=2', { 'max-age': '1' }],
    ['no-store;x, private', { 'no-store': '', private: '' }],
    ['ext="a\\"b", no-store', { ext: 'a\\"b', 'no-store': '' }],
    ['@@, no-store', { 'no-store': '' }],
    ['', {}],
  ])('reads %j', (value, directives) => expect(read(value)).toEqual(directives));

  it('never throws, and finds no-store behind anything without quotes', () => {
    fc.assert(
      fc.property(fc.string(), (noise) => {
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
});
