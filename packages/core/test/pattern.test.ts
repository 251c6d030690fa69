import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edgesOf, patternTag, reachedBy } from '../src/index.ts';

/** Text in which a few characters, the special ones among them, come again and again. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\', '[', '💥', '\n') });
const tokens = fc.array(
  fc.oneof(
    fc.constantFrom('*', '?'),
    text.map((t) => t.replaceAll(/[\\*?]/g, '\\$&')),
  ),
  {
    minLength: 1,
  },
);

/** The same, by the engine of the language. */
function expression(glob: string): RegExp {
  const parts = [...glob.matchAll(/\\(.)|(\*)|(\?)|(.)/gsu)].map(([, literal, any, one, other]) => {
    if (any !== undefined) return '.*';
    if (one !== undefined) return '.';
    return (literal ?? other)!.replaceAll(/[\\*?.[\]^$(){}|+/]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'su');
}

describe('a pattern', () => {
  it('matches what a regular expression of the same meaning matches', () => {
    fc.assert(
      fc.property(tokens.map((parts) => parts.join('')).filter(Boolean), text, (glob, rest) => {
        expect(reachedBy([patternTag('k:', glob)])(`k:${rest}`)).toBe(expression(glob).test(rest));
      }),
      { numRuns: 2000 },
    );
  });

  it('matches no more than its beginning and its end let it', () => {
    fc.assert(
      fc.property(tokens.map((parts) => parts.join('')).filter(Boolean), text, (glob, rest) => {
        const pattern = patternTag('k:', glob);
        const { head, tail, whole } = edgesOf(pattern);
        const tag = `k:${rest}`;
        if (!reachedBy([pattern])(tag)) return;
        expect(tag.startsWith(head) && tag.endsWith(tail)).toBe(true);
        expect(whole).toBe(tag === head && !/(?<!\\)(?:\\\\)*[*?]/.test(glob));
      }),
      { numRuns: 2000 },
    );
  });

  it('matches a literal text alone, where it is one', () => {
    const isReached = reachedBy(['t:a', patternTag('t:', 'x\\*')]);
    expect(['t:a', 't:x*', 't:xy', 't:x\\*', 'k:a'].filter(isReached)).toEqual(['t:a', 't:x*']);
  });

  it('is answered for in as many steps as both are long, however many wildcards there are', () => {
    const isReached = reachedBy([patternTag('k:', `${'a*'.repeat(500)}b`)]);
    expect(isReached(`k:${'a'.repeat(20_000)}`)).toBe(false);
  });

  it.each(['', 'a\\', '\ud800', 'x'.repeat(1025), 7, null])('is refused where it is %j', (glob) => {
    expect(() => patternTag('k:', glob)).toThrow('LARDER_INVALID_OPTIONS');
  });
});
