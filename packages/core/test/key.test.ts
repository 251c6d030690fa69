import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldsOf, type RequestHead, responseKey } from '../src/index.ts';
import { valueKey, variantKey } from '../src/key.ts';

type Parts = Parameters<typeof responseKey>[0];

const head = (scheme: string, authority: string, target: string, rewritten?: string): RequestHead => ({
  method: 'GET',
  scheme,
  authority,
  target,
  rewritten,
  fields: fieldsOf([]),
  hasBody: false,
});
const text = () =>
  fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('', '-', '1:a', '|', 'v', 'p-', '2:ab', '\0'));
const parts: fc.Arbitrary<Parts> = fc
  .tuple(
    text(),
    text(),
    text(),
    text(),
    fc.option(text(), { nil: undefined }),
    fc.option(fc.array(text(), { maxLength: 3 }), { nil: undefined }),
    fc.option(text(), { nil: undefined }),
    fc.array(fc.tuple(text(), fc.option(text(), { nil: null })), { maxLength: 3 }),
  )
  .map(([namespace, scheme, authority, target, rewritten, custom, partition, keyed]) => ({
    namespace,
    // A custom key stands in for the target, so that two requests may differ in the target alone, and in what it was rewritten to.
    head: custom === undefined ? head(scheme, authority, target, rewritten) : head(scheme, authority, ''),
    custom,
    partition,
    keyed,
  }));

/** Whole numbers below a bound, the same in each run (xorshift). */
function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Made of what keys are punctuated with, so that parts may look like boundaries. */
const FRAGMENTS = [
  ...'0123:-|prtcvk',
  '',
  '\0',
  'a',
  '1:a',
  '2:ab',
  '-v',
  'p-',
  'v1:',
  'r1:n',
  '%3D',
  '=',
  '\x1e',
  '💥',
];

function randomParts(random: (bound: number) => number): Parts {
  const word = () => Array.from({ length: random(4) }, () => FRAGMENTS[random(FRAGMENTS.length)]).join('');
  const maybe = () => (random(3) === 0 ? undefined : word());
  const some = <T>(make: () => T): T[] => Array.from({ length: random(3) }, make);
  const custom = random(2) === 0 ? undefined : some(word);
  return {
    namespace: word(),
    head: custom === undefined ? head(word(), word(), word(), maybe()) : head(word(), word(), ''),
    custom,
    partition: maybe(),
    keyed: some(() => [word(), maybe() ?? null] as const),
  };
}

describe('keys', () => {
  it('are equal only for equal parts', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(responseKey(a) === responseKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 30_000 },
    );
  });

  it('are as many as there are requests, each pair of a hundred thousand', () => {
    const made = new Map<string, string>();
    const random = dice(1);
    for (let i = 0; i < 100_000; i += 1) {
      const request = randomParts(random);
      const [key, given] = [responseKey(request), JSON.stringify(request)];
      const other = made.get(key) ?? given;
      // Compared first, for an assertion costs more than a key.
      if (other !== given) expect.unreachable(`${given} and ${other} are both ${key}`);
      made.set(key, given);
    }
    expect(made.size).toBeGreaterThan(80_000);
  });

  it('of variants are equal only for equal parts', () => {
    const field = fc.array(fc.tuple(text(), fc.option(text(), { nil: null })), { maxLength: 3 });
    fc.assert(
      fc.property(parts, field, parts, field, (a, x, b, y) => {
        const same = JSON.stringify([a, x]) === JSON.stringify([b, y]);
        expect(variantKey(responseKey(a), x) === variantKey(responseKey(b), y)).toBe(same);
      }),
      { numRuns: 30_000 },
    );
  });

  it('tell an absent field from an empty one', () => {
    const base = { namespace: 'n', head: head('http', 'h', '/'), custom: undefined, partition: undefined };
    expect(responseKey({ ...base, keyed: [['accept', null]] })).not.toBe(
      responseKey({ ...base, keyed: [['accept', '']] }),
    );
  });

  it('leave the target as it was received', () => {
    const key = (target: string) =>
      responseKey({
        namespace: 'n',
        head: head('http', 'h', target),
        custom: undefined,
        partition: undefined,
        keyed: [],
      });
    const targets = [
      '/a',
      '/A',
      '/a/',
      '/a?',
      '/a?x=1&y=2',
      '/a?y=2&x=1',
      '/%61',
      '/a%2fb',
      '/a/b',
      '/a;b',
      '/a?a=B=',
      '/a?a%3DB=',
    ];
    expect(new Set(targets.map(key)).size).toBe(targets.length);
  });

  it('tell what a target was rewritten to, and whether it was', () => {
    const key = (target: string, rewritten?: string, custom?: string[]) =>
      responseKey({
        namespace: 'n',
        head: head('http', 'h', target, rewritten),
        custom,
        partition: undefined,
        keyed: [],
      });
    const keys = [key('/a'), key('/a', ''), key('/a', '/a'), key('/a', '/b'), key('/b', '/a'), key('/b')];
    expect(new Set(keys).size).toBe(keys.length);
    expect(key('/a', '/b', ['c'])).toBe(key('/a', '/c', ['c']));
  });

  it('of values are never those of responses', () => {
    fc.assert(
      fc.property(parts, text(), (a, b) => {
        expect(responseKey(a)).not.toBe(valueKey(b, b));
      }),
    );
  });
});
