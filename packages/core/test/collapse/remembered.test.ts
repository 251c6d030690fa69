import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff, Sightings, Unshared } from '../../src/collapse/remembered.ts';
import { manualClock } from '../../src/testing/index.ts';

const ENOUGH = 10_000;

describe('what is not shared', () => {
  const rig = () => {
    const clock = manualClock();
    return { clock, unshared: new Unshared(clock) };
  };

  it('is known with its reason for two minutes', () => {
    const { clock, unshared } = rig();
    unshared.add('key', 'private');
    clock.advance(119_999);
    expect(unshared.reasonFor('key')).toBe('private');
    clock.advance(1);
    expect(unshared.reasonFor('key')).toBeUndefined();
  });

  it('is known by its key alone, and until it is shared after all', () => {
    const { unshared } = rig();
    unshared.add('key', 'private');
    expect(unshared.reasonFor('other')).toBeUndefined();
    unshared.delete('key');
    expect(unshared.reasonFor('key')).toBeUndefined();
  });

  it('is known for longer when it turns out so again, with the reason of then', () => {
    const { clock, unshared } = rig();
    unshared.add('key', 'private');
    clock.advance(60_000);
    unshared.add('key', 'no-store');
    clock.advance(119_999);
    expect(unshared.reasonFor('key')).toBe('no-store');
  });

  it('is forgotten where there is too much of it, what was asked for longest ago first', () => {
    const { unshared } = rig();
    for (let n = 0; n < ENOUGH; n += 1) unshared.add(`key ${n}`, 'private');
    unshared.reasonFor('key 0');
    unshared.add('one more', 'private');
    expect([unshared.reasonFor('key 0'), unshared.reasonFor('key 1')]).toEqual(['private', undefined]);
  });
});

describe('a pause after failures', () => {
  it('doubles from one second to one minute', () => {
    const clock = manualClock();
    const backoff = new Backoff(clock);
    const pauses = [1, 2, 4, 8, 16, 32, 60, 60, 60];
    for (const seconds of pauses) {
      expect(backoff.isPaused('key')).toBe(false);
      backoff.failed('key');
      clock.advance(seconds * 1000 - 1);
      expect(backoff.isPaused('key')).toBe(true);
      clock.advance(1);
    }
    expect(backoff.isPaused('key')).toBe(false);
  });

  it('stays at a minute however often it fails', () => {
    const clock = manualClock();
    const backoff = new Backoff(clock);
    for (let n = 0; n < 5000; n += 1) backoff.failed('key');
    clock.advance(59_999);
    expect(backoff.isPaused('key')).toBe(true);
    clock.advance(1);
    expect(backoff.isPaused('key')).toBe(false);
  });

  it('is over with a success, and begins with a second again', () => {
    const clock = manualClock();
    const backoff = new Backoff(clock);
    for (let n = 0; n < 5; n += 1) backoff.failed('key');
    backoff.succeeded('key');
    expect(backoff.isPaused('key')).toBe(false);
    backoff.failed('key');
    clock.advance(1000);
    expect(backoff.isPaused('key')).toBe(false);
  });

  it('is of one key alone', () => {
    const backoff = new Backoff(manualClock());
    backoff.failed('key');
    expect([backoff.isPaused('key'), backoff.isPaused('other')]).toEqual([true, false]);
  });
});

describe('a sighting', () => {
  it('is a first one once', () => {
    const sightings = new Sightings();
    expect(['a', 'b', 'a', 'b', 'a'].map((key) => sightings.again(key))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('is remembered while fewer than ten thousand others come', () => {
    fc.assert(
      fc.property(fc.nat(3 * ENOUGH), (before) => {
        const sightings = new Sightings();
        for (let n = 0; n < before; n += 1) sightings.again(`before ${n}`);
        sightings.again('key');
        for (let n = 0; n < ENOUGH - 1; n += 1) sightings.again(`after ${n}`);
        return sightings.again('key');
      }),
      { numRuns: 20 },
    );
  });

  it('is forgotten when twice as many have come', () => {
    const sightings = new Sightings();
    sightings.again('key');
    for (let n = 0; n < 2 * ENOUGH; n += 1) sightings.again(`other ${n}`);
    expect(sightings.again('key')).toBe(false);
  });

  it('of one that is seen all the time is never forgotten', () => {
    const sightings = new Sightings();
    sightings.again('key');
    for (let n = 0; n < 5 * ENOUGH; n += 1) {
      sightings.again(`other ${n}`);
      if (n % 1000 === 0) expect(sightings.again('key')).toBe(true);
    }
  });
});
