import { guardedLock } from '../src/guarded-lock.ts';
import type { Lock } from '../src/lock.ts';
import { lockContract, type ManualClock, manualClock, sharedLock } from '../src/testing/index.ts';

const places = new Map<string, { clock: ManualClock; handle: () => Lock }>();

function openAt(place: string) {
  const clock = manualClock();
  const { clock: its, handle } = places.get(place) ?? { clock, handle: sharedLock(clock) };
  places.set(place, { clock: its, handle });
  return { lock: handle(), pass: (ms: number) => its.advance(ms) };
}

lockContract('a lock inside one process', (place) => openAt(`shared ${place}`));
lockContract('a guarded lock', (place) => {
  const { lock, pass } = openAt(`guarded ${place}`);
  const context = {
    namespace: 'test',
    tier: 'far',
    deadlineMs: 50,
    budgetMs: 60,
    clock: manualClock(),
    observe() {},
  };
  return { lock: guardedLock(lock, context), pass };
});
