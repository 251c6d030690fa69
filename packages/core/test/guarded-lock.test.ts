import { describe, expect, it } from 'vitest';
import { guardedLock } from '../src/guarded-lock.ts';
import type { Grant, Hold, Lock } from '../src/lock.ts';
import { manualClock, recordingObserver, sharedLock } from '../src/testing/index.ts';

const fail = async (): Promise<never> => {
  throw new Error('the lock cannot be reached');
};
const hang = () => new Promise<never>(() => {});

function rig(lock: Partial<Lock>) {
  const clock = manualClock();
  const { observe, of } = recordingObserver();
  const context = { namespace: 'shop', tier: 'redis', deadlineMs: 50, budgetMs: 60, clock, observe };
  return {
    calls: () => of('store-call').map(({ operation, tier, error }) => [operation, tier, error !== undefined]),
    guarded: guardedLock({ ...sharedLock(clock)(), ...lock }, context),
    /** Waits no longer than a call may take. */
    async inTime<T>(call: Promise<T>): Promise<T> {
      await Promise.resolve();
      clock.advance(50);
      return call;
    },
  };
}

const holdThat = (does: Partial<Hold>): Partial<Lock> => ({
  acquire: async (): Promise<Grant> => ({
    kind: 'held',
    extend: async () => false,
    release: async () => {},
    ...does,
  }),
});
const heldBy = async (lock: Lock): Promise<Hold> => {
  const grant = await lock.acquire('key', 1000);
  if (grant.kind !== 'held') throw new Error('taken');
  return grant;
};

describe('a lock that fails', () => {
  it('is as good as free: it is held, can be extended and released, and the observer is told once', async () => {
    const { guarded, calls } = rig({ acquire: fail });
    const hold = await heldBy(guarded);
    expect(await hold.extend(1000)).toBe(true);
    await hold.release('stored');
    expect(calls()).toEqual([['lock', 'redis', true]]);
  });

  it('is as good as free when it does not answer in time', async () => {
    const { guarded, inTime, calls } = rig({ acquire: hang });
    expect(await inTime(guarded.acquire('key', 1000))).toMatchObject({ kind: 'held' });
    expect(calls()).toEqual([['lock', 'redis', true]]);
  });

  it('is let go of when it is given too late, so that it is not held for nobody', async () => {
    let answer = () => {};
    const open = sharedLock(manualClock());
    const { guarded, inTime } = rig({
      acquire: async (key, ttlMs) => {
        const grant = await open().acquire(key, ttlMs);
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return grant;
      },
    });
    await inTime(guarded.acquire('key', 1000));
    const next = await open().acquire('key', 1000);
    if (next.kind !== 'taken') throw new Error('free');
    const freed = next.freed(1000);
    answer();
    expect(await freed).toBe('lost');
  });

  it.each([
    ['fails', fail],
    ['hangs', hang],
  ])(
    'keeps its holder at work when extending %s, and no one from ending when releasing does',
    async (_, does) => {
      const { guarded, inTime, calls } = rig(holdThat({ extend: does, release: does }));
      const hold = await heldBy(guarded);
      expect(await inTime(hold.extend(1000))).toBe(true);
      await inTime(hold.release('stored'));
      expect(calls()).toEqual([
        ['lock', 'redis', false],
        ['lock', 'redis', true],
        ['unlock', 'redis', true],
      ]);
    },
  );

  it('has nothing to tell those who wait', async () => {
    const { guarded } = rig({ acquire: async () => ({ kind: 'taken', freed: fail }) });
    const grant = await guarded.acquire('key', 1000);
    expect(grant.kind === 'taken' && (await grant.freed(1000))).toBeUndefined();
  });

  it.each([
    ['fails', fail],
    ['hangs', hang],
  ])('closes all the same when closing %s', async (_, close) => {
    const { guarded, inTime } = rig({ close });
    await inTime(guarded.close());
  });
});

describe('a lock that works', () => {
  it('says no when it could not be extended, and the observer is told of every call', async () => {
    const { guarded, calls } = rig(holdThat({}));
    const hold = await heldBy(guarded);
    expect(await hold.extend(1000)).toBe(false);
    await hold.release('stored');
    expect(calls()).toEqual([
      ['lock', 'redis', false],
      ['lock', 'redis', false],
      ['unlock', 'redis', false],
    ]);
  });
});
