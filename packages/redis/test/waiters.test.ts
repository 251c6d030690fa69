import { manualClock } from '@larder/core/testing';
import { describe, expect, it } from 'vitest';
import { Waiters } from '../src/waiters.ts';

describe('who waits for a lock', () => {
  it('is kept until woken, be it by a word or by time, and no longer', async () => {
    const clock = manualClock();
    const waiters = new Waiters(clock);
    const [told, late, other] = [waiters.add('a'), waiters.add('b'), waiters.add('b')];
    late.wakeIn(1000);
    waiters.wake('a', 'stored');
    expect(await told.woken).toBe('stored');
    expect(waiters.size).toBe(1);
    clock.advance(1000);
    expect(await late.woken).toBeUndefined();
    expect(waiters.size).toBe(1);
    waiters.wakeAll();
    expect(await other.woken).toBeUndefined();
    expect(waiters.size).toBe(0);
  });

  it('hears the first word only, at whichever of its times', async () => {
    const clock = manualClock();
    const waiters = new Waiters(clock);
    const waiter = waiters.add('a');
    waiter.wakeIn(1000);
    waiter.wakeIn(10);
    clock.advance(10);
    waiter.wake('stored');
    expect(await waiter.woken).toBeUndefined();
    waiter.wakeIn(5);
    expect(waiters.size).toBe(0);
  });
});
