import { describe, expect, it } from 'vitest';
import { redisKeys } from '../src/keys.ts';

const keys = redisKeys('larder:', 'shop');
const hostile = [
  ...['', '*', '?', '[a-z]', '{1}', '{', '}', '{}', '}{', '\0', '\r\n', 'a\r\nDEL x', ' ', 'é', '💥'],
  ...['larder:shop:1:i', 'x'.repeat(1024 * 1024), '__proto__', 'return redis.call("FLUSHALL")', 'a', 'A'],
];

describe('names in Redis', () => {
  it.each(hostile.map((text) => [text.slice(0, 40), text]))(
    'are of one form when made from %j',
    (_, text) => {
      expect(keys.entry(text)).toMatch(/^larder:shop:1:e:[A-Za-z0-9_-]{43}$/);
      expect(keys.epoch(text)).toMatch(/^larder:shop:1:t:[A-Za-z0-9_-]{43}$/);
      expect(keys.lock(text)).toMatch(/^larder:shop:1:l:[A-Za-z0-9_-]{43}$/);
    },
  );

  it('are the same only for the same text of the same kind in the same namespace', () => {
    const other = redisKeys('larder:', 'shop.1');
    const names = [keys, other].flatMap(({ entry, epoch, lock, log, endings }) => [
      log,
      endings,
      ...hostile.map(entry),
      ...hostile.map(epoch),
      ...hostile.map(lock),
    ]);
    expect(new Set(names).size).toBe(names.length);
    expect(hostile.map(keys.entry)).toEqual(hostile.map(keys.entry));
  });
});
