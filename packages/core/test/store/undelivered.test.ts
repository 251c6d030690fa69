import { describe, expect, it } from 'vitest';
import { Undelivered } from '../../src/store/undelivered.ts';

function told(...invalidations: string[][]) {
  const undelivered = new Undelivered();
  const numbers = invalidations.map((tags) => {
    undelivered.add(tags);
    return undelivered.last;
  });
  return { undelivered, numbers };
}

describe('what has not been acknowledged', () => {
  it('is told once all of its tags are, and not by those of others', () => {
    const { undelivered, numbers } = told(['a', 'b']);
    undelivered.acknowledge(['a'], numbers[0]!);
    expect(undelivered.isTold(['a', 'b'], numbers[0]!)).toBe(false);
    undelivered.acknowledge(['b'], numbers[0]!);
    expect(undelivered.isTold(['a', 'b'], numbers[0]!)).toBe(true);
    expect(undelivered.size).toBe(0);
  });

  it('is not told by a delivery that began before the same tag was invalidated again', () => {
    const { undelivered, numbers } = told(['a'], ['a']);
    undelivered.acknowledge(['a'], numbers[0]!);
    expect(numbers.map((number) => undelivered.isTold(['a'], number))).toEqual([true, false]);
    expect(undelivered.touches(['a'])).toBe(true);
    undelivered.acknowledge(['a'], numbers[1]!);
    expect(undelivered.touches(['a'])).toBe(false);
  });

  it('stays untold where somebody else invalidates the same tag before it is delivered', () => {
    const { undelivered, numbers } = told(['a'], ['a']);
    expect(undelivered.isTold(['a'], numbers[0]!)).toBe(false);
  });

  it('stays untold when it collapses into everything, until everything is acknowledged', () => {
    const { undelivered, numbers } = told(
      ['a'],
      Array.from({ length: 10_000 }, (_, i) => `other ${i}`),
    );
    expect(undelivered.tags()).toEqual(['n:']);
    expect(undelivered.isTold(['a'], numbers[0]!)).toBe(false);
    expect(undelivered.touches(['whatever'])).toBe(true);
    undelivered.acknowledge(['n:'], undelivered.last);
    expect(undelivered.isTold(['other 1'], numbers[1]!)).toBe(true);
  });

  it('gives what is acknowledged for the first time, and not what is only repeated', () => {
    const { undelivered } = told(['a']);
    undelivered.add(['b', 'a'], true);
    expect(undelivered.acknowledge(['a', 'b'], undelivered.last)).toEqual(['a']);
  });
});
