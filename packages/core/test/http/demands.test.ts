import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Demands, demandsOf, NO_DEMANDS } from '../../src/http/demands.ts';
import { anyText, fieldsFrom, type Given, MANY } from '../support/heads.ts';

const all = (cacheControl: string) => demandsOf(fieldsFrom({ 'Cache-Control': cacheControl }), 'all');
const cheap = (cacheControl: string) => demandsOf(fieldsFrom({ 'Cache-Control': cacheControl }), 'cheap');

describe('a request’s directives (RFC 9111 §5.2.1)', () => {
  it.each<[string, Partial<Demands>, string]>([
    ['max-age=60', { maxAge: 60 }, '§5.2.1.1'],
    ['max-age=0', { maxAge: 0 }, '§5.2.1.1'],
    ['max-stale=60', { maxStale: 60 }, '§5.2.1.2'],
    ['max-stale', { maxStale: Number.POSITIVE_INFINITY }, '§5.2.1.2'],
    ['min-fresh=60', { minFresh: 60 }, '§5.2.1.3'],
    ['no-cache', { validated: true }, '§5.2.1.4'],
    ['no-store', { noStore: true }, '§5.2.1.5'],
    ['no-transform', {}, '§5.2.1.6'],
    ['only-if-cached', { onlyIfCached: true }, '§5.2.1.7'],
    ['Max-Age="60", NO-CACHE', { maxAge: 60, validated: true }, '§5.2'],
    ['max-age=5, max-stale=6, min-fresh=7', { maxAge: 5, maxStale: 6, minFresh: 7 }, '§5.2.1'],
    ['max-age=1, max-age=2', { maxAge: 1 }, '§4.2.1'],
    ['some-extension=1', {}, '§5.2.3'],
    ['', {}, '§5.2'],
  ])('%j asks for %j (%s)', (value, demands) => {
    expect(all(value)).toEqual({ ...NO_DEMANDS, ...demands });
  });

  it.each<[string, Partial<Demands>]>([
    ['max-age=soon', { maxAge: 0 }],
    ['max-age', { maxAge: 0 }],
    ['max-stale=long', {}],
    ['max-stale="60', {}],
    ['max-stale=60 x', {}],
    ['min-fresh=long', {}],
  ])('%s, which is no number, allows nothing', (value, demands) => {
    expect(all(value)).toEqual({ ...NO_DEMANDS, ...demands });
  });

  it('are none where there is no Cache-Control', () => {
    expect(demandsOf(fieldsFrom({}), 'all')).toEqual(NO_DEMANDS);
  });
});

describe('directives that make work for the handler', () => {
  it('are not heeded unless all are', () => {
    expect(cheap('no-cache, max-age=0, min-fresh=60, max-stale')).toEqual(NO_DEMANDS);
    expect(cheap('no-store, only-if-cached')).toEqual({ ...NO_DEMANDS, noStore: true, onlyIfCached: true });
    expect(demandsOf(fieldsFrom({ Pragma: 'no-cache' }), 'cheap')).toEqual(NO_DEMANDS);
  });
});

describe('Pragma (RFC 9111 §5.4)', () => {
  it.each(['no-cache', 'NO-CACHE', 'x, no-cache'])(
    '%s is what no-cache is, where there is no Cache-Control',
    (pragma) => {
      expect(demandsOf(fieldsFrom({ Pragma: pragma }), 'all')).toEqual({ ...NO_DEMANDS, validated: true });
    },
  );

  it('says nothing beside Cache-Control', () => {
    const fields = fieldsFrom({ Pragma: 'no-cache', 'Cache-Control': 'max-age=60' });
    expect(demandsOf(fields, 'all')).toEqual({ ...NO_DEMANDS, maxAge: 60 });
  });

  it('has no other word', () => {
    const fields = fieldsFrom({ Pragma: 'no-store, max-age=0, max-stale, only-if-cached' });
    expect(demandsOf(fields, 'all')).toEqual(NO_DEMANDS);
  });
});

describe('any Cache-Control and Pragma', () => {
  it('is some demand, and none a negative one', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.option(anyText),
        fc.constantFrom('all', 'cheap'),
        (pragma, control, granted) => {
          const given: Given =
            control === null ? { Pragma: pragma } : { Pragma: pragma, 'Cache-Control': control };
          const { maxAge, minFresh, maxStale } = demandsOf(fieldsFrom(given), granted);
          for (const seconds of [maxAge ?? 0, minFresh, maxStale]) expect(seconds).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is read in time that grows with its length', () => {
    expect(all(`max-age=${'9'.repeat(MANY)}`)).toEqual({ ...NO_DEMANDS, maxAge: 2 ** 31 });
    expect(all(`max-age${' '.repeat(MANY)}, no-cache`)).toEqual({
      ...NO_DEMANDS,
      maxAge: 0,
      validated: true,
    });
  });
});
