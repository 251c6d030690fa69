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

it('is heard once, though it is said in every log, and again while it goes on', () => {
  const unfinished = new Unfinished(manualClock());
  const hear = (id: string, state: 'begins' | 'ends') => unfinished.hear({ work: { id, state } });
  expect([hear('a', 'begins'), hear('a', 'begins')]).toEqual([true, false]);
  expect([hear('a', 'ends'), hear('a', 'begins'), hear('a', 'ends')]).toEqual([true, false, false]);
  expect(unfinished.any).toBe(false);
  expect(unfinished.hear({ work: undefined })).toBe(true);
});

it('goes on for as long as it is said again', () => {
  const clock = manualClock();
  const unfinished = new Unfinished(clock);
  for (let i = 0; i < 10; i += 1) {
    unfinished.hear({ work: { id: 'a', state: 'begins' } });
    clock.advance(59_999);
    expect(unfinished.any).toBe(true);
  }
});
