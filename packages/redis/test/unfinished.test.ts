import { manualClock } from '@larder/core/testing';
import { expect, it } from 'vitest';
import { Unfinished } from '../src/unfinished.ts';

it('is what has begun and not ended, whatever else has', () => {
  const unfinished = new Unfinished(manualClock());
  expect(unfinished.any).toBe(false);
  unfinished.hear({ work: { id: 'a', state: 'begins' } });
  unfinished.hear({ work: { id: 'b', state: 'begins' } });
  unfinished.hear({ work: { id: 'b', state: 'ends' } });
  expect(unfinished.any).toBe(true);
  unfinished.hear({ work: { id: 'a', state: 'ends' } });
  expect(unfinished.any).toBe(false);
});

it('is nothing that began a minute ago: nobody is at it any more', () => {
  const clock = manualClock();
  const unfinished = new Unfinished(clock);
  unfinished.hear({ work: { id: 'a', state: 'begins' } });
  clock.advance(59_999);
  unfinished.hear({ work: { id: 'b', state: 'begins' } });
  expect(unfinished.any).toBe(true);
  clock.advance(59_999);
  expect(unfinished.any).toBe(true);
  clock.advance(1);
  expect(unfinished.any).toBe(false);
});
