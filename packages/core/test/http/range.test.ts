import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../src/http/date.ts';
import { fieldsOf } from '../../src/http/fields.ts';
import { byteranges } from '../../src/http/multipart.ts';
import {
  answerRange,
  contentRange,
  type RangeAnswer,
  type RangeValidators,
  unsatisfiedRange,
} from '../../src/http/range.ts';

const MODIFIED = Date.UTC(2026, 0, 1);
const at = (secondsAfter: number) => formatHttpDate(MODIFIED + secondsAfter * 1000);
const VALIDATORS: RangeValidators = { etag: '"a"', lastModified: at(0), date: at(3600) };

const ask = (fields: Record<string, string>, validators = VALIDATORS, length = 1000): RangeAnswer =>
  answerRange(fieldsOf(Object.entries(fields)), validators, length);
const range = (value: string, length = 1000): RangeAnswer => ask({ Range: value }, VALIDATORS, length);

const WHOLE = { kind: 'whole' };
const UNSATISFIABLE = { kind: 'unsatisfiable' };
const part = (first: number, last: number) => ({ kind: 'part', first, last });
const parts = (...pairs: [number, number][]) => ({
  kind: 'parts',
  parts: pairs.map(([first, last]) => ({ first, last })),
});
const HUGE = '9'.repeat(100_000);

describe('a range of 1000 bytes (RFC 9110 §14.1.2)', () => {
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-499', 0, 499],
    ['bytes=500-', 500, 999],
    ['bytes=999-999', 999, 999],
    ['bytes=0-', 0, 999],
    ['bytes=-1', 999, 999],
    ['bytes=-1000', 0, 999],
    ['BYTES=0-1', 0, 1],
    ['bytes=007-08', 7, 8],
    ['bytes= 0-1\t', 0, 1],
    ['bytes=,, 0-1 ,', 0, 1],
  ])('%s is bytes %i to %i', (value, first, last) => {
    expect(range(value)).toEqual(part(first, last));
  });

  it.each([
    ['bytes=990-1000', 990, 999],
    ['bytes=-1001', 0, 999],
    [`bytes=1-1${'0'.repeat(30)}`, 1, 999],
  ])('ends where the body does: %s is %i to %i', (value, first, last) => {
    expect(range(value)).toEqual(part(first, last));
  });

  it('ends where the body does, be the number as long as it may', () => {
    expect(range(`bytes=5-${HUGE}`)).toEqual(part(5, 999));
    expect(range(`bytes=-${HUGE}`)).toEqual(part(0, 999));
    expect(range(`bytes=${HUGE}-`)).toEqual(UNSATISFIABLE);
  });

  it.each(['bytes=1000-', 'bytes=1000-1000', 'bytes=-0', 'bytes=-000', 'bytes=-0, 1000-, 5000-6000'])(
    'cannot be satisfied by %s (§15.5.17)',
    (value) => {
      expect(range(value)).toEqual(UNSATISFIABLE);
    },
  );
});

describe('Range is ignored (RFC 9110 §14.2)', () => {
  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes= ',
    'bytes =0-1',
    ' bytes=0-1',
    'items=0-1',
    'bytes=-',
    'bytes=--1',
    'bytes=1',
    'bytes=a-b',
    'bytes=0-1-2',
    'bytes=+0-1',
    'bytes=0x0-1',
    'bytes=1e1-20',
    'bytes=0.0-1',
    'bytes=0 -1',
    'bytes=0-1\u00a0',
    'bytes=\u0660-\u0661',
    'bytes=0-1;2-3',
    'bytes=0-1, x',
    'bytes=0-1, bytes=2-3',
  ])('when it is not of the grammar: %j', (value) => {
    expect(range(value)).toEqual(WHOLE);
  });

  it.each(['bytes=1-0', 'bytes=0-1, 5-4', 'bytes=10-9', 'bytes=9007199254740993-9007199254740992'])(
    'when a range ends before it begins: %s (§14.1.1)',
    (value) => {
      expect(range(value)).toEqual(WHOLE);
    },
  );

  it('when there is none', () => {
    expect(ask({})).toEqual(WHOLE);
    expect(ask({ 'If-Range': '"a"' })).toEqual(WHOLE);
  });

  it.each(['bytes=0-0', 'bytes=0-', 'bytes=-1', 'bytes=-0'])('when there is no content: %s', (value) => {
    expect(range(value, 0)).toEqual(WHOLE);
  });

  it('when it names more than sixteen ranges (§17.15)', () => {
    const ranges = (count: number) =>
      `bytes=${Array.from({ length: count }, (_, n) => `${n * 10}-${n * 10}`)}`;
    expect(range(ranges(16))).toMatchObject({ kind: 'parts', parts: { length: 16 } });
    expect(range(ranges(17))).toEqual(WHOLE);
    expect(range(`bytes=${'5000-,'.repeat(17)}`)).toEqual(WHOLE);
  });

  it.each(['bytes=0-9, 5-14, 10-19', 'bytes=0-9, 0-9, 0-9', 'bytes=0-9, 5-14, 100-109, 105-114'])(
    'when more than two overlap: %s',
    (value) => {
      expect(range(value)).toEqual(WHOLE);
    },
  );

  it.each(['bytes=0-, 0-', 'bytes=0-, -1', 'bytes=0-600, 400-999'])(
    'when it asks for more than there is: %s',
    (value) => {
      expect(range(value)).toEqual(WHOLE);
    },
  );
});

describe('several ranges (RFC 9110 §15.3.7.2)', () => {
  it('are parts in the order they were asked for', () => {
    expect(range('bytes=500-599, 0-0, -1')).toEqual(parts([500, 599], [0, 0], [999, 999]));
  });

  it('leave out what cannot be satisfied', () => {
    expect(range('bytes=0-0, 1000-, 5-5, -0')).toEqual(parts([0, 0], [5, 5]));
    expect(range('bytes=1000-, 5-5')).toEqual(part(5, 5));
  });

  it.each([
    ['overlap', 'bytes=0-9, 5-14', 0, 14],
    ['overlap, the later first', 'bytes=5-14, 0-9', 0, 14],
    ['are equal', 'bytes=3-4, 3-4', 3, 4],
    ['hold one another', 'bytes=0-99, 10-19', 0, 99],
    ['touch', 'bytes=0-9, 10-19', 0, 19],
    ['touch one after the other', 'bytes=20-29, 0-9, 10-19', 0, 29],
  ])('that %s are one part: %s', (_, value, first, last) => {
    expect(range(value)).toEqual(part(first, last));
  });

  it('that are one keep the place of the one asked for first', () => {
    expect(range('bytes=10-19, 100-109, 0-9, 50-59')).toEqual(parts([0, 19], [100, 109], [50, 59]));
    expect(range('bytes=0-9, 100-109, 10-19')).toEqual(parts([0, 19], [100, 109]));
  });

  it('stay apart for a gap of one byte', () => {
    expect(range('bytes=0-9, 11-20')).toEqual(parts([0, 9], [11, 20]));
  });
});

describe('If-Range (RFC 9110 §13.1.5)', () => {
  const when = (ifRange: string, validators: Partial<RangeValidators> = {}) =>
    ask({ Range: 'bytes=0-1', 'If-Range': ifRange }, { ...VALIDATORS, ...validators });

  it('with the entity tag that is stored gives the part', () => {
    expect(when('"a"')).toEqual(part(0, 1));
  });

  it.each([
    ['"b"', '"a"'],
    ['W/"a"', '"a"'],
    ['"a"', 'W/"a"'],
    ['W/"a"', 'W/"a"'],
    ['"a", "b"', '"a"'],
    ['*', '"a"'],
    ['a', 'a'],
    ['', '"a"'],
    ['"a"', undefined],
  ])('%j gives the whole where the entity tag is %j: comparison is strong', (ifRange, etag) => {
    expect(when(ifRange, { etag })).toEqual(WHOLE);
  });

  it('that does not match gives the whole even where no range could be satisfied', () => {
    expect(ask({ Range: 'bytes=1000-', 'If-Range': '"b"' })).toEqual(WHOLE);
    expect(ask({ Range: 'bytes=1000-', 'If-Range': '"a"' })).toEqual(UNSATISFIABLE);
  });

  it('with the date of Last-Modified gives the part, with a later or earlier one the whole', () => {
    expect(when(at(0))).toEqual(part(0, 1));
    expect(when(at(1))).toEqual(WHOLE);
    expect(when(at(-1))).toEqual(WHOLE);
    expect(when(at(0), { lastModified: undefined })).toEqual(WHOLE);
  });

  it('takes a date in no other form than the one that was sent', () => {
    expect(when('Thursday, 01-Jan-26 00:00:00 GMT')).toEqual(WHOLE);
    expect(when('yesterday', { lastModified: 'yesterday' })).toEqual(WHOLE);
  });

  it.each([
    [60, 'part'],
    [59, 'whole'],
    [1, 'whole'],
    [0, 'whole'],
    [-3600, 'whole'],
  ])('with a date, and the response made %i seconds after it, gives the %s (§8.8.2.2)', (seconds, kind) => {
    expect(when(at(0), { date: at(seconds) }).kind).toBe(kind);
  });

  it.each([undefined, 'soon'])('with a date gives the whole where Date is %s (§8.8.2.2)', (date) => {
    expect(when(at(0), { date })).toEqual(WHOLE);
  });
});

describe('Content-Range (RFC 9110 §14.4)', () => {
  it('names the part and the length of the whole', () => {
    expect(contentRange(0, 499, 1234)).toBe('bytes 0-499/1234');
  });

  it('of a 416 names the length alone', () => {
    expect(unsatisfiedRange(1234)).toBe('bytes */1234');
  });
});

describe('multipart/byteranges (RFC 9110 §14.6)', () => {
  const body = 'abcdefghij';
  const written = (pieces: ReturnType<typeof byteranges>['pieces'], of: string) =>
    pieces
      .map((piece) => (typeof piece === 'string' ? piece : of.slice(piece.first, piece.last + 1)))
      .join('');
  const TWO = [
    { first: 7, last: 9 },
    { first: 0, last: 1 },
  ];

  it('has the type and the range of each part in its head', () => {
    const { contentType, length, pieces } = byteranges(TWO, body.length, 'text/plain', 'SEP');
    const text = [
      '--SEP',
      'Content-Type: text/plain',
      'Content-Range: bytes 7-9/10',
      '',
      'hij',
      '--SEP',
      'Content-Type: text/plain',
      'Content-Range: bytes 0-1/10',
      '',
      'ab',
      '--SEP--',
      '',
    ].join('\r\n');
    expect(contentType).toBe('multipart/byteranges; boundary=SEP');
    expect(written(pieces, body)).toBe(text);
    expect(length).toBe(text.length);
  });

  it('has no type where the response has none (§15.3.7.2)', () => {
    expect(written(byteranges(TWO, body.length, undefined, 'SEP').pieces, body)).not.toContain(
      'Content-Type',
    );
  });

  it('counts a byte for each character of a type', () => {
    const { length, pieces } = byteranges(TWO, body.length, 'text/x; name="é"', 'SEP');
    expect(Buffer.from(written(pieces, body), 'latin1').length).toBe(length);
  });
});

describe('for any Range', () => {
  const spec = fc.oneof(
    fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => `${a}-${b}`),
    fc.nat(60).map((n) => `${n}-`),
    fc.nat(60).map((n) => `-${n}`),
  );
  const set = fc.array(spec, { minLength: 1, maxLength: 5 }).map((specs) => `bytes=${specs}`);
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^bytes=[-0-9, \t]*$/),
    set,
    set.map((text) => `${text},${HUGE.slice(0, 400)}-`),
  );
  const chosen = (answer: RangeAnswer) =>
    answer.kind === 'parts' ? answer.parts : answer.kind === 'part' ? [answer] : [];

  it('every part is in the body, not empty, and apart from the others', () => {
    fc.assert(
      fc.property(anything, fc.nat(60), (value, length) => {
        const answer = range(value, length);
        const seen = new Set<number>();
        for (const { first, last } of chosen(answer)) {
          expect(first).toBeGreaterThanOrEqual(0);
          expect(last).toBeGreaterThanOrEqual(first);
          expect(last).toBeLessThan(length);
          for (let byte = first; byte <= last; byte++) {
            expect(seen.has(byte)).toBe(false);
            seen.add(byte);
          }
        }
        if (answer.kind === 'parts') expect(answer.parts.length).toBeGreaterThan(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('the bytes sent are exactly those asked for, if not the whole', () => {
    fc.assert(
      fc.property(set, fc.integer({ min: 1, max: 60 }), (value, length) => {
        const answer = range(value, length);
        if (answer.kind === 'whole') return;
        const asked = (byte: number) =>
          value
            .slice('bytes='.length)
            .split(',')
            .some((text) => {
              const [first, last] = text.split('-') as [string, string];
              if (first === '') return byte >= length - Number(last);
              return byte >= Number(first) && (last === '' || byte <= Number(last));
            });
        for (let byte = 0; byte < length; byte++) {
          const sent = chosen(answer).some(({ first, last }) => first <= byte && byte <= last);
          expect(sent).toBe(asked(byte));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('If-Range is never more than a reason to send the whole', () => {
    fc.assert(
      fc.property(set, fc.oneof(fc.string(), fc.constantFrom('"a"', at(0))), (value, ifRange) => {
        const answer = ask({ Range: value, 'If-Range': ifRange });
        if (answer.kind !== 'whole') expect(answer).toEqual(range(value));
      }),
    );
  });

  it('a multipart has the length it says', () => {
    const sparse = fc
      .uniqueArray(fc.nat(40), { minLength: 2, maxLength: 16 })
      .map((numbers) => `bytes=${numbers.map((n) => `${n * 20}-${n * 20 + 9}`)}`);
    fc.assert(
      fc.property(
        sparse,
        fc.option(fc.string({ unit: 'binary-ascii' }), { nil: undefined }),
        (value, type) => {
          const answer = range(value);
          expect(answer.kind).toBe('parts');
          const { length, pieces } = byteranges(chosen(answer), 1000, type, 'SEP');
          const body = Buffer.alloc(1000);
          const content = Buffer.concat(
            pieces.map((piece) =>
              typeof piece === 'string'
                ? Buffer.from(piece, 'latin1')
                : body.subarray(piece.first, piece.last + 1),
            ),
          );
          expect(content.length).toBe(length);
        },
      ),
    );
  });
});
