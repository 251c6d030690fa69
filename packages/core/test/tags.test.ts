import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupTag, keyTag, NAMESPACE_TAG, uriTag, userTags, writeTag } from '../src/tags.ts';

const text = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom('n:', 't:a', 'u:http://h/', 'w:http://h/', 'g:http://h a', 'k:a', ' ', 'http://h a'),
);
const origin = fc.webAuthority().map((authority) => `http://${authority}`);

/** Tags of each kind, with what they were made from. */
const anyTag: fc.Arbitrary<[tag: string, made: unknown[]]> = fc.oneof(
  fc.constant<[string, unknown[]]>([NAMESPACE_TAG, ['namespace']]),
  text.map((tag): [string, unknown[]] => [userTags(tag)[0]!, ['user', tag]]),
  text.map((uri): [string, unknown[]] => [uriTag(uri), ['uri', uri]]),
  text.map((uri): [string, unknown[]] => [writeTag(uri), ['write', uri]]),
  text.map((key): [string, unknown[]] => [keyTag(key), ['key', key]]),
  fc
    .tuple(origin, text)
    .map(([from, group]): [string, unknown[]] => [groupTag(from, group), ['group', from, group]]),
);

describe('tags', () => {
  it('are the same only for the same thing of the same kind', () => {
    fc.assert(
      fc.property(anyTag, anyTag, ([a, madeOf], [b, other]) => {
        expect(a === b).toBe(JSON.stringify(madeOf) === JSON.stringify(other));
      }),
      { numRuns: 20_000 },
    );
  });

  it('of one text are a kind’s each', () => {
    const tags = [
      ...userTags('http://h/'),
      uriTag('http://h/'),
      writeTag('http://h/'),
      keyTag('http://h/'),
      groupTag('http://h/', ''),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('of a group are its origin’s, whatever spaces are in its name (RFC 9875 §2.1)', () => {
    const tags = [
      groupTag('http://a', 'b c'),
      groupTag('http://a', ':80 b c'),
      groupTag('http://ab', ' c'),
      groupTag('http://a', 'b  c'),
      groupTag('http://a', ' b c'),
      groupTag('http://a:80', 'b c'),
      groupTag('https://a', 'b c'),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });
});
