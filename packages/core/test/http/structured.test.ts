import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BareItem,
  type Item,
  type Member,
  parseDictionary,
  parseItem,
  parseList,
} from '../../src/http/structured.ts';
import { formatDictionary, formatItem, formatList } from '../../src/http/structured-format.ts';

type Named = Record<string, BareItem>;

const integer = (value: number): BareItem => ({ kind: 'integer', value });
const decimal = (value: number): BareItem => ({ kind: 'decimal', value });
const date = (value: number): BareItem => ({ kind: 'date', value });
const string = (value: string): BareItem => ({ kind: 'string', value });
const token = (value: string): BareItem => ({ kind: 'token', value });
const display = (value: string): BareItem => ({ kind: 'display-string', value });
const bytes = (...value: number[]): BareItem => ({ kind: 'byte-sequence', value: Uint8Array.from(value) });
const ascii = (text: string): BareItem => bytes(...[...text].map((character) => character.charCodeAt(0)));
const boolean = (value: boolean): BareItem => ({ kind: 'boolean', value });
const YES = boolean(true);

const item = (bare: BareItem, parameters: Named = {}): Item => ({
  ...bare,
  parameters: new Map(Object.entries(parameters)),
});
const inner = (items: readonly Item[], parameters: Named = {}): Member => ({
  kind: 'inner-list',
  items,
  parameters: new Map(Object.entries(parameters)),
});
const dictionary = (members: Record<string, Member>) => new Map(Object.entries(members));

describe('a list (RFC 9651 §3.1, §4.2.1)', () => {
  it.each<[string, Member[]]>([
    ['sugar, tea, rum', [item(token('sugar')), item(token('tea')), item(token('rum'))]],
    [
      '("foo" "bar"), ("baz"), ("bat" "one"), ()',
      [
        inner([item(string('foo')), item(string('bar'))]),
        inner([item(string('baz'))]),
        inner([item(string('bat')), item(string('one'))]),
        inner([]),
      ],
    ],
    [
      '("foo"; a=1;b=2);lvl=5, ("bar" "baz");lvl=1',
      [
        inner([item(string('foo'), { a: integer(1), b: integer(2) })], { lvl: integer(5) }),
        inner([item(string('bar')), item(string('baz'))], { lvl: integer(1) }),
      ],
    ],
    [
      'abc;a=1;b=2; cde_456, (ghi;jk=4 l);q="9";r=w',
      [
        item(token('abc'), { a: integer(1), b: integer(2), cde_456: YES }),
        inner([item(token('ghi'), { jk: integer(4) }), item(token('l'))], { q: string('9'), r: token('w') }),
      ],
    ],
    ['', []],
    ['   ', []],
    ['  1 \t,\t 2\t ', [item(integer(1)), item(integer(2))]],
    ['(  1  2  )', [inner([item(integer(1)), item(integer(2))])]],
    ['(   )', [inner([])]],
    ['1,1', [item(integer(1)), item(integer(1))]],
  ])('is read from %j', (text, list) => expect(parseList(text)).toEqual(list));

  it.each([
    ',',
    'a,',
    'a, ',
    ',a',
    'a,,b',
    'a b',
    '\ta',
    '(',
    '(a',
    '( ',
    '(a,b)',
    '(a\tb)',
    '("a""b")',
    '((a))',
    ')',
    '();',
    '(1 2',
    'a;',
    'a;=1',
    'a;B',
    'a;b =1',
    'a;b= 1',
    'a;b=',
    'a;b=(1)',
    'a ;b',
    'a;\tb',
    'a=1',
    'a\n',
    'a\0',
    'é',
    '\ud800',
  ])('is not read from %j', (text) => expect(parseList(text)).toBeUndefined());
});

describe('a dictionary (RFC 9651 §3.2, §4.2.2)', () => {
  it.each<[string, Record<string, Member>]>([
    [
      'en="Applepie", da=:w4ZibGV0w6ZydGU=:',
      { en: item(string('Applepie')), da: item(ascii('\xc3\x86blet\xc3\xa6rte')) },
    ],
    ['a=?0, b, c; foo=bar', { a: item(boolean(false)), b: item(YES), c: item(YES, { foo: token('bar') }) }],
    [
      'rating=1.5, feelings=(joy sadness)',
      { rating: item(decimal(1.5)), feelings: inner([item(token('joy')), item(token('sadness'))]) },
    ],
    [
      'a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid',
      {
        a: inner([item(integer(1)), item(integer(2))]),
        b: item(integer(3)),
        c: item(integer(4), { aa: token('bb') }),
        d: inner([item(integer(5)), item(integer(6))], { valid: YES }),
      },
    ],
    ['', {}],
    ['*a-b_c.1=1', { '*a-b_c.1': item(integer(1)) }],
    ['constructor', { constructor: item(YES) }],
  ])('is read from %j', (text, members) => expect(parseDictionary(text)).toEqual(dictionary(members)));

  it.each([
    'a=',
    'a= 1',
    'a =1',
    'a,',
    'a=1,,b=2',
    'a=1 b=2',
    'A=1',
    '1=1',
    '"a"=1',
    '-a',
    'a=(1',
    'a;',
    '=',
    '__proto__',
  ])('is not read from %j', (text) => expect(parseDictionary(text)).toBeUndefined());

  it('keeps the last of the members with one key, at the place of the first', () => {
    expect([...parseDictionary('a=1, b=2;x, a=3;y')!]).toEqual([
      ['a', item(integer(3), { y: YES })],
      ['b', item(integer(2), { x: YES })],
    ]);
  });

  it('keeps the last of the parameters with one name, at the place of the first (§4.2.3.2)', () => {
    expect([...parseItem('x;a=1;b;a=2')!.parameters]).toEqual([
      ['a', integer(2)],
      ['b', YES],
    ]);
  });
});

describe('an item (RFC 9651 §3.3, §4.2.3)', () => {
  it.each<[string, BareItem, Named?]>([
    ['5', integer(5)],
    ['5; foo=bar', integer(5), { foo: token('bar') }],
    ['1; a; b=?0', integer(1), { a: YES, b: boolean(false) }],
    ['  42  ', integer(42)],
    ['00', integer(0)],
    ['-0', integer(0)],
    ['-999999999999999', integer(-999_999_999_999_999)],
    ['4.5', decimal(4.5)],
    ['1.0', decimal(1)],
    ['-0.0', decimal(0)],
    ['-999999999999.999', decimal(-999_999_999_999.999)],
    ['"hello world"', string('hello world')],
    ['""', string('')],
    ['"a\\"b\\\\"', string('a"b\\')],
    ['"%c3%bc"', string('%c3%bc')],
    ['foo123/456', token('foo123/456')],
    ['*', token('*')],
    ["A!#$%&'*+-.^_`|~:/z", token("A!#$%&'*+-.^_`|~:/z")],
    [':cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:', ascii('pretend this is binary content.')],
    ['::', bytes()],
    [':+/+/:', bytes(0xfb, 0xff, 0xbf)],
    ['?1', YES],
    ['?0', boolean(false)],
    ['@1659578233', date(1_659_578_233)],
    ['@-62135596800', date(-62_135_596_800)],
    ['%"This is intended for display to %c3%bcsers."', display('This is intended for display to üsers.')],
    ['%"%22%25\\%00%f0%9f%8d%b0"', display('"%\\\0🍰')],
    ['%"%ef%bb%bf"', display('\ufeff')],
  ])('is read from %j', (text, bare, parameters) => {
    expect(parseItem(text)).toEqual(item(bare, parameters));
  });

  it.each([
    ['nothing', ['', '  ']],
    ['two items', ['1 2', '1,2', '1;a, 2', '(1)']],
    ['an unknown type', ['!', '=a', '_a', '#', "'a'", 'é', '\0', '\ud800', '\t1', '1\t', '１']],
    [
      'too many digits (§3.3.1, §3.3.2)',
      ['1000000000000000', '-1000000000000000', '1000000000000.0', '1.0000', '0000000000000001'],
    ],
    [
      'a number cut short (§4.2.4)',
      ['-', '--1', '+1', '- 1', '1.', '.1', '-.1', '1..1', '1.1.1', '1e3', '0x1'],
    ],
    [
      'an open or impure string (§4.2.5)',
      ['"', '"a', '"\\', '"a\\"', '"\\a"', '"a\n"', '"\t"', '"\x7f"', '"é"', '"\ud800"', '"a"b'],
    ],
    ['a token with more in it (§4.2.6)', ['a"b"', 'a(b)', 'a=b', 'a@b', 'a\0']],
    [
      'what is not base64 (§4.2.7)',
      [
        ':',
        ':aGk',
        ':a:',
        ':=:',
        ':==:',
        ':aGVsb G8=:',
        ':aG\n8=:',
        ':aGk==:',
        ':=aGk:',
        ':aG=k:',
        ':a-_b:',
        ':é:',
      ],
    ],
    ['what is neither true nor false (§4.2.8)', ['?', '?2', '?T', '?10', '? 1']],
    ['a date in part (§4.2.9)', ['@', '@1.5', '@-', '@ 1', '@a', '@1000000000000000']],
    [
      'a display string not in the form (§4.2.10)',
      ['%', '%"', '%a"', "%'a'", '%"a', '%"%"', '%"%c"', '%"%C3%BC"', '%"%zz"', '%"ü"', '%"\n"', '% "a"'],
    ],
    [
      'a display string not in UTF-8 (§4.2.10)',
      ['%"%c3"', '%"%c3a"', '%"%ff"', '%"%a0%a1"', '%"%c0%80"', '%"%ed%a0%80"', '%"%f4%90%80%80"'],
    ],
  ])('is not read from %s', (_, texts) => {
    expect(texts.filter((text) => parseItem(text) !== undefined)).toEqual([]);
  });

  it('may be a byte sequence without its padding, or with pad bits that are not zero (§4.2.7)', () => {
    expect(parseItem(':aGVsbG8:')).toEqual(item(ascii('hello')));
    expect(parseItem(':iZ==:')).toEqual(item(bytes(0x89)));
  });
});

describe('what is written (RFC 9651 §4.1)', () => {
  it.each([
    ['1 , (  a   b ) ;c', undefined],
    ['1 ,\t(  a   b );c; d=?1;e=?0', '1, (a b);c;d;e=?0'],
    ['', ''],
    ['007, -0, 1.50, -0.0', '7, 0, 1.5, 0.0'],
    [':aGVsbG8:, :iZ==:', ':aGVsbG8=:, :iQ==:'],
    ['%"%61%22"', '%"a%22"'],
  ])('of the list %j is %j', (text, canonical) => {
    const list = parseList(text);
    expect(list && formatList(list)).toBe(canonical);
  });

  it.each([
    ['a=?1;x=?1, b=?0, c=(1 2);d', 'a;x, b=?0, c=(1 2);d'],
    ['a=1, b, a=2', 'a=2, b'],
    ['', ''],
  ])('of the dictionary %j is %j', (text, canonical) => {
    expect(formatDictionary(parseDictionary(text)!)).toBe(canonical);
  });

  it.each([
    [0.0015, '0.002'],
    [0.0025, '0.002'],
    [-0.0025, '-0.002'],
    [0.00251, '0.003'],
    [9.9995, '10.0'],
    [0.0005, '0.0'],
    [-0.0001, '0.0'],
    [5e-7, '0.0'],
    [5, '5.0'],
    [1.05, '1.05'],
    [-0, '0.0'],
    [999_999_999_999.999, '999999999999.999'],
  ])('of the decimal %d is %s: three places, ties to even (§4.1.5)', (value, text) => {
    expect(formatItem(item(decimal(value)))).toBe(text);
  });

  it.each<[string, BareItem]>([
    ['an integer that is none (§4.1.4)', integer(1.5)],
    ['an integer of 16 digits', integer(1e15)],
    ['an integer without an end', integer(Number.NEGATIVE_INFINITY)],
    ['a decimal that is no number (§4.1.5)', decimal(Number.NaN)],
    ['a decimal of 13 digits before the point', decimal(1e12)],
    ['a decimal that is rounded to 13', decimal(999_999_999_999.9995)],
    ['a decimal with an exponent', decimal(1e21)],
    ['a string outside ASCII (§4.1.6)', string('ü')],
    ['a string with a control character', string('a\r\nb')],
    ['a token with a space in it (§4.1.7)', token('a b')],
    ['a token that begins with a digit', token('1a')],
    ['a token of nothing', token('')],
    ['a token with a line end behind it', token('a\n')],
    ['a date with milliseconds (§4.1.10)', date(1.001)],
    ['a display string with half a character (§4.1.11)', display('a\ud800')],
  ])('is nothing for %s, wherever it stands', (_, bare) => {
    expect(formatItem(item(bare))).toBeUndefined();
    expect(formatItem(item(YES, { a: bare }))).toBeUndefined();
    expect(formatList([item(YES), inner([item(YES), item(bare)])])).toBeUndefined();
    expect(formatDictionary(dictionary({ a: item(YES), b: item(bare) }))).toBeUndefined();
    expect(formatDictionary(dictionary({ a: inner([], { b: bare }) }))).toBeUndefined();
  });

  it.each(['', 'A', '1', '-a', 'a b', 'ü', 'a\n', '__proto__'])(
    'is nothing for the key %j (§4.1.1.3)',
    (key) => {
      expect(formatDictionary(new Map([[key, item(YES)]]))).toBeUndefined();
      expect(formatItem({ ...YES, parameters: new Map([[key, YES]]) })).toBeUndefined();
    },
  );
});

const MAX = 999_999_999_999_999;
const anyKey = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,8}$/);
const anyInteger = fc.integer({ min: -MAX, max: MAX });
const anyBare = fc.oneof(
  anyInteger.map(integer),
  anyInteger.map((thousandths) => decimal(thousandths / 1000)),
  anyInteger.map(date),
  fc.string().map(string),
  fc.stringMatching(/^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]{0,12}$/).map(token),
  fc.string({ unit: 'binary' }).map(display),
  fc.uint8Array().map((value): BareItem => ({ kind: 'byte-sequence', value })),
  fc.boolean().map(boolean),
);
const anyParameters = fc.array(fc.tuple(anyKey, anyBare), { maxLength: 4 }).map((pairs) => new Map(pairs));
const anyItem = fc.tuple(anyBare, anyParameters).map(([bare, parameters]): Item => ({ ...bare, parameters }));
const anyInner = fc.record({
  kind: fc.constant('inner-list' as const),
  items: fc.array(anyItem, { maxLength: 4 }),
  parameters: anyParameters,
});
const anyMember: fc.Arbitrary<Member> = fc.oneof(anyItem, anyInner);
const anyMembers = fc.array(anyMember, { maxLength: 6 });
const anyDictionary = fc
  .array(fc.tuple(anyKey, anyMember), { maxLength: 6 })
  .map((pairs) => new Map<string, Member>(pairs));

const RUNS = { numRuns: 1000 };

describe('what was written is read as it was', () => {
  it('for items', () => {
    fc.assert(
      fc.property(anyItem, (value) => {
        expect(parseItem(formatItem(value)!)).toEqual(value);
      }),
      RUNS,
    );
  });

  it('for lists', () => {
    fc.assert(
      fc.property(anyMembers, (value) => {
        expect(parseList(formatList(value)!)).toEqual(value);
      }),
      RUNS,
    );
  });

  it('for dictionaries, in their order', () => {
    fc.assert(
      fc.property(anyDictionary, (value) => {
        expect([...parseDictionary(formatDictionary(value)!)!]).toEqual([...value]);
      }),
      RUNS,
    );
  });
});

describe('any text at all', () => {
  const codeUnits = fc
    .array(fc.integer({ min: 0, max: 0xffff }))
    .map((units) => units.map((unit) => String.fromCharCode(unit)).join(''));
  const fragments = fc
    .array(fc.constantFrom(...'ab*A01-.,;=()"\\:?@%/ \t\0é\ud800', '%"', '%c3', '%bc', ', ', '=="'))
    .map((parts) => parts.join(''));
  const cut = fc
    .tuple(anyMembers, fc.nat(), codeUnits)
    .map(([list, at, noise]) => `${formatList(list)!.slice(0, at % 100)}${noise}`);

  it('never makes a parser throw, and what a parser makes of it can be written and read again', () => {
    fc.assert(
      fc.property(fc.oneof(codeUnits, fragments, cut), (text) => {
        const [one, list, members] = [parseItem(text), parseList(text), parseDictionary(text)];
        if (one) expect(parseItem(formatItem(one)!)).toEqual(one);
        if (list) expect(parseList(formatList(list)!)).toEqual(list);
        if (members) expect(parseDictionary(formatDictionary(members)!)).toEqual(members);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('a hostile value', () => {
  const MANY = 4_000_000;

  it('costs time in proportion to its length: in the square of it, these would take hours', () => {
    const refused = [
      `a${' '.repeat(MANY)}b`,
      `(${' '.repeat(MANY)}`,
      `a;${' '.repeat(MANY)}`,
      `a,${'\t'.repeat(MANY)}`,
      '('.repeat(MANY),
      '1'.repeat(MANY),
      `@${'1'.repeat(MANY)}`,
      `"${'a'.repeat(MANY)}`,
      '"\\'.repeat(MANY / 2),
      `:${'a'.repeat(MANY)}`,
      `:${'='.repeat(MANY)}:`,
      `%"${'a'.repeat(MANY)}`,
      `%"${'%c3'.repeat(MANY / 4)}"`,
      `${'a,'.repeat(MANY / 10)}`,
      `a${';a'.repeat(MANY / 4)};`,
      `(${'a '.repeat(MANY / 10)}`,
    ];
    for (const text of refused) {
      expect([parseItem(text), parseList(text), parseDictionary(text)]).toEqual(Array(3).fill(undefined));
    }
  });

  it('is read however long it is: nothing about it is deep', () => {
    // So long that a pattern which keeps a way back for each character runs out of stack.
    const long = 'a'.repeat(3 * MANY);
    expect(parseItem(long)?.value === long).toBe(true);
    expect(parseItem(`"${long}"`)?.value === long).toBe(true);
    expect(parseItem(`"${'\\"'.repeat(MANY / 10)}"`)?.value === '"'.repeat(MANY / 10)).toBe(true);
    expect(parseItem(`%"${long}"`)?.value === long).toBe(true);
    expect(parseDictionary(long)?.has(long)).toBe(true);
    expect(parseItem(`:${long}:`)).toMatchObject({
      kind: 'byte-sequence',
      value: { length: (MANY / 4) * 9 },
    });
    expect(parseList(`a${',a'.repeat(MANY / 10)}`)).toHaveLength(MANY / 10 + 1);
    expect(parseDictionary(`a${',a'.repeat(MANY / 10)}`)?.size).toBe(1);
    expect(parseItem(`a${';a'.repeat(MANY / 4)}`)?.parameters.size).toBe(1);
  });

  it('is written however long it is', () => {
    const value = new Uint8Array(MANY / 10);
    expect(formatItem({ kind: 'byte-sequence', value, parameters: new Map() })).toHaveLength(
      Math.ceil(MANY / 30) * 4 + 2,
    );
    expect(formatItem(item(token('a'.repeat(MANY))))).toHaveLength(MANY);
    expect(formatItem(item(string('"'.repeat(MANY / 10))))).toHaveLength(MANY / 5 + 2);
    expect(formatItem(item(display('ü'.repeat(MANY / 10))))).toHaveLength((MANY / 10) * 6 + 3);
    expect(formatList(Array(MANY / 10).fill(item(YES)))).toHaveLength((MANY / 10) * 4 - 2);
  });
});
