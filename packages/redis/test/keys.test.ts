import { homeOf, NAMESPACE_TAG, patternTag } from '@larder/core';
import slotOf from 'cluster-key-slot';
import { describe, expect, it } from 'vitest';
import { variantKey } from '../../core/src/key.ts';
import { redisKeys } from '../src/keys.ts';

const settings = { prefix: 'larder:', namespace: 'shop', spread: false, names: 'digest' } as const;
const keys = redisKeys(settings);
const hostile = [
  ...['', '*', '?', '[a-z]', '{1}', '{', '}', '{}', '}{', '\0', '\r\n', 'a\r\nDEL x', ' ', 'é', '💥'],
  ...['larder:shop:1:i', 'x'.repeat(1024 * 1024), '__proto__', 'return redis.call("FLUSHALL")', 'a', 'A'],
];

describe('names in Redis', () => {
  it.each(hostile.map((text) => [text.slice(0, 40), text]))(
    'are of one form when made from %j',
    (_, text) => {
      expect(keys.entry(text)).toMatch(/^larder:shop:1:e:4:[A-Za-z0-9_-]{43}$/);
      expect(keys.epoch(text, 'key')).toMatch(/^larder:shop:1:t:[A-Za-z0-9_-]{43}$/);
      expect(keys.lock(text)).toMatch(/^larder:shop:1:l:[A-Za-z0-9_-]{43}$/);
    },
  );

  it('are the same only for the same text of the same kind in the same namespace', () => {
    const names = [keys, redisKeys({ ...settings, namespace: 'shop.1' })].flatMap(
      ({ entry, epoch, lock, logs, endings }) => [
        ...logs,
        endings,
        ...hostile.map((text) => entry(text)),
        ...hostile.map((text) => epoch(text, 'key')),
        ...hostile.map((text) => lock(text)),
      ],
    );
    expect(new Set(names).size).toBe(names.length);
    expect(hostile.map(keys.entry)).toEqual(hostile.map(keys.entry));
  });
});

describe('names in a Cluster', () => {
  const spread = redisKeys({ ...settings, spread: true });
  const primaries = Array.from({ length: 2000 }, (_, i) => `r4:shop${i}`);

  it.each(hostile.map((text) => [text.slice(0, 40), text]))('take no hash tag from %j', (_, text) => {
    expect(spread.entry(text)).toMatch(/^larder:shop:1:e:4:\{h\d+\}[A-Za-z0-9_-]{43}$/);
    expect(spread.epoch(text, 'key')).toMatch(/^larder:shop:1:t:\{l\d+\}[A-Za-z0-9_-]{43}$/);
    expect(spread.lock(text)).toMatch(/^larder:shop:1:l:\{h\d+\}[A-Za-z0-9_-]{43}$/);
  });

  it('lay a variant, its lock and the epoch of its namespace where its URI is', () => {
    for (const primary of primaries) {
      const variant = variantKey(primary, [['accept', primary]]);
      expect(homeOf(variant)).toBe(primary);
      const slots = [
        spread.entry(primary),
        spread.entry(variant),
        spread.lock(variant),
        spread.epoch(NAMESPACE_TAG, variant),
      ].map((name) => slotOf(name));
      expect(new Set(slots).size).toBe(1);
      expect(spread.epochs(NAMESPACE_TAG)).toContain(spread.epoch(NAMESPACE_TAG, variant));
    }
  });

  it('lay the epoch of a tag where its log is', () => {
    for (const tag of primaries) {
      const [epoch, ...more] = spread.epochs(tag);
      expect(more).toEqual([]);
      expect(epoch).toBe(spread.epoch(tag, 'any key'));
      expect(slotOf(epoch!)).toBe(slotOf(spread.log(tag)));
      expect(spread.logs).toContain(spread.log(tag));
    }
  });

  it('spread entries over slots, about as many to each third of them', () => {
    const thirds = [0, 0, 0];
    for (const primary of primaries) thirds[Math.floor(slotOf(spread.entry(primary)) / 5462)]! += 1;
    expect(Math.min(...thirds)).toBeGreaterThan(primaries.length / 5);
  });
});

describe('names that can be read', () => {
  const legible = (spread: boolean) => redisKeys({ ...settings, spread, names: 'text' });
  const kinds = ['k:', 'q:4:acme', 'u:', 't:'];

  it.each([false, true])(
    'are those of tags, with nothing in them that means something to Redis; spread: %j',
    (spread) => {
      const { epoch, tagOf } = legible(spread);
      for (const tag of kinds.flatMap((kind) => hostile.map((text) => `${kind}${text}`))) {
        const name = epoch(tag, 'key');
        expect(name).toMatch(/^larder:shop:1t:t:(?:\{l\d+\})?=[^\s*?[\]\\{}]+$/);
        expect(tagOf(name)).toBe(tag);
      }
      expect(epoch('t:product:7', 'key')).toMatch(/=t:product:7$/);
    },
  );

  it.each([false, true])('are found by what a pattern begins and ends with; spread: %j', (spread) => {
    const { matching } = legible(spread);
    const place = spread ? '*' : '';
    expect(matching(patternTag('k:', 'a b*c?d*'))).toBe(`larder:shop:1t:t:${place}=k:a%20b*`);
    expect(matching(patternTag('k:', '*\\*'))).toBe(`larder:shop:1t:t:${place}=k:*%2A`);
    expect(matching(patternTag('k:', '[x]'))).toBe(`larder:shop:1t:t:${place}=k:%5Bx%5D`);
    expect(keys.matching(patternTag('k:', '*'))).toBeUndefined();
  });

  it('are of what nobody names digests as ever, of which no tag is known', () => {
    const { epoch, entry, lock, tagOf } = legible(false);
    for (const name of [epoch(NAMESPACE_TAG, 'key'), epoch('p:acme', 'key'), entry('k:a'), lock('k:a')]) {
      expect(name).toMatch(/:[A-Za-z0-9_-]{43}$/);
      expect(tagOf(name)).toBeUndefined();
    }
    for (const name of ['larder:shop:1t:t:=%', 'larder:shop:1t:e:=k:a', 'other', ''])
      expect(tagOf(name)).toBeUndefined();
  });
});
