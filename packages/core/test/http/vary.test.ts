import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../src/http/fields.ts';
import { matches, nominate } from '../../src/http/vary.ts';

const normalised = (name: string, value: string): string | null =>
  nominate([name], fieldsOf([[name, value]]))[0]![1];

const WEIGHTED = ['accept', 'accept-charset', 'accept-language'];
const NAMES = [...WEIGHTED, 'accept-encoding', 'cookie', 'x-any'];

/** Text that looks like a list more often than chance would have it. */
const listish = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.constantFrom(...'aB*/=;,"\\ \tq', ';q=', ';q=0.50', ';q=1', '="x, Y;z"', 'identity', 'gzip', 'İ'),
    )
    .map((parts) => parts.join('')),
);

const member = fc
  .tuple(
    fc.constantFrom('a', 'b/*', 'c/d', '*', 'en-GB'),
    fc.constantFrom('', ';v=1', ';v="x, y;z"', '; v="\\", "', ';;'),
    fc.constantFrom('', ';q=1', ';q=0.5', ' ; Q=0.50', ';q=0', ';q=2', ';q=0.5;q=1', ';q=1;e'),
  )
  .map((parts) => parts.join(''));

describe('what means the same is one variant (RFC 9111 §4.1)', () => {
  it.each([
    ['case', 'accept', 'Text/HTML;Level=1', 'text/html;level=1'],
    ['white space', 'accept', ' text/html ;\tlevel=1 , */* ', '*/*,text/html;level=1'],
    ['order of equal weights', 'accept-language', 'fr, en', 'en,fr'],
    ['order of unequal weights', 'accept-language', 'en;q=0.1, de;q=0.9, fr', 'fr,de;q=0.9,en;q=0.1'],
    ['a weight of 1, which is the default', 'accept-language', 'en;q=1, fr;q=1.000', 'en,fr'],
    ['digits of a weight that are not needed', 'accept', 'a/b;q=0.50, c/d;Q=0.', 'a/b;q=0.5,c/d;q=0'],
    ['repeats', 'accept-charset', 'UTF-8, utf-8;q=1, utf-8', 'utf-8'],
    ['empty members (§5.6.1)', 'accept', ',, a/b, ,', 'a/b'],
    ['empty parameters (§5.6.6)', 'accept', 'a/b;;q=0.5;', 'a/b;q=0.5'],
    ['codings (§12.5.3)', 'accept-encoding', 'gzip;q=0.8, foo, br', 'br,gzip'],
    ['white space around the commas of other fields', 'x-any', ' b ,a ; C', 'b,a ; C'],
  ])('%s', (_, name, value, text) => expect(normalised(name, value)).toBe(text));
});

describe('what may mean something else is another variant', () => {
  it.each([
    ['a comma in quotes (RFC 9110 §5.6.4)', 'accept', 'a/b;p="x, y", a/a', 'a/a,a/b;p="x, y"'],
    ['a semicolon in quotes', 'accept', 'a/b;p="x ; q=0";q=0.50', 'a/b;p="x ; q=0";q=0.5'],
    ['an escaped quote', 'accept', 'a/b;p="\\", x", a/a', 'a/a,a/b;p="\\", x"'],
    ['case in quotes (§8.3.1)', 'accept', 'A/B;P="X"', 'a/b;p="X"'],
    ['a quote that never ends', 'accept', 'b , A;p="x', 'b , A;p="x'],
    ['a malformed weight, as it came and last (§12.4.2)', 'accept', 'a;q=x, b;q=0.001', 'b;q=0.001,a;q=x'],
    ['a weight of four decimals', 'accept', 'a;q=0.5000', 'a;q=0.5000'],
    ['a weight above 1', 'accept', 'a;q=1.5', 'a;q=1.5'],
    ['two weights', 'accept', 'a;q=1;q=1', 'a;q=1;q=1'],
    ['what stands behind a weight', 'accept', 'a;q=1.0;level=1', 'a;q=1;level=1'],
    ['a refusal', 'accept-language', 'en, fr;q=0', 'en,fr;q=0'],
    ['order in other fields', 'x-any', 'b, a', 'b,a'],
    ['case in other fields', 'x-any', 'A', 'A'],
  ])('%s', (_, name, value, text) => expect(normalised(name, value)).toBe(text));

  it.each(NAMES)('%s that is absent, and not empty', (name) => {
    const absent = nominate([name], fieldsOf([]));
    const empty = nominate([name], fieldsOf([[name, '']]));
    expect([absent, empty]).toEqual([[[name, null]], [[name, '']]]);
    expect(matches(absent, fieldsOf([[name, '']]))).toBe(false);
    expect(matches(empty, fieldsOf([]))).toBe(false);
  });
});

describe('a stored response is selected', () => {
  const stored = nominate(
    ['accept-encoding', 'accept-language'],
    fieldsOf([
      ['Accept-Encoding', 'gzip, br'],
      ['Accept-Language', 'en, fr;q=0.5'],
    ]),
  );
  it.each([
    [true, 'gzip, br', 'en, fr;q=0.5'],
    [true, 'br;q=0.1,X-GZIP', 'FR; q=0.500, EN'],
    [false, 'gzip', 'en, fr;q=0.5'],
    [false, 'gzip, br', 'en;q=0.5, fr'],
    [false, 'gzip, br', 'en, fr'],
  ])('%s for %j and %j', (selected, encoding, language) => {
    const request = fieldsOf([
      ['Accept-Encoding', encoding],
      ['Accept-Language', language],
    ]);
    expect(matches(stored, request)).toBe(selected);
  });
});

describe('normalisation', () => {
  it.each(NAMES)('of %s takes any text, and its own as it is', (name) => {
    fc.assert(
      fc.property(listish, (value) => {
        const once = normalised(name, value);
        expect(once).toBeTypeOf('string');
        expect(normalised(name, once!)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([...WEIGHTED, 'accept-encoding'])('of %s does not depend on the order of members', (name) => {
    const orders = fc
      .array(member, { maxLength: 6 })
      .chain((members) =>
        fc.tuple(
          fc.constant(members),
          fc.shuffledSubarray(members, { minLength: members.length, maxLength: members.length }),
        ),
      );
    fc.assert(
      fc.property(orders, ([one, other]) => {
        expect(normalised(name, one.join(', '))).toBe(normalised(name, other.join(',')));
      }),
      { numRuns: 2000 },
    );
  });

  const LENGTH = 200_000;
  it.each([
    ['spaces', ' '],
    ['commas', ','],
    ['semicolons', ';'],
    ['weights', ';q=0'],
    ['quotes', '"'],
    ['escaped quotes', '\\"'],
    ['members', 'a,'],
    ['equals signs', 'q='],
  ])('of many %s costs time in proportion to their number', (_, unit) => {
    for (const value of [unit.repeat(LENGTH), `"${unit.repeat(LENGTH)}`, `"${unit.repeat(LENGTH)}"`])
      for (const name of ['accept', 'accept-encoding'])
        expect(normalised(name, `a${value}b`)).toBeTypeOf('string');
  });
});
