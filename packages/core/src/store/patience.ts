import type { Clock } from '../clock.ts';
import { storeTooSlow } from '../errors.ts';

/** Ms of waiting that are counted at a time: whatever keeps the process busy in between counts as one such part at most. */
const PART_MS = 10;

/**
 * Rejects once the deadline has passed. A crowd of requests can keep a process from its sockets for longer than that,
 * and what is wrong then is not the store: so much of the time counts as the process was there to read a reply.
 * `passed` hears of every part that counts.
 */
export function inTime<T>(
  clock: Clock,
  deadlineMs: number,
  call: Promise<T>,
  passed: (ms: number) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel = () => {};
    let partBeganMs = clock.monotonicMs();
    let given = false;
    const wait = (leftMs: number) => {
      const partMs = Math.min(PART_MS, leftMs);
      cancel = clock.after(partMs, () => {
        passed(partMs);
        partBeganMs = clock.monotonicMs();
        if (leftMs > PART_MS) return wait(leftMs - PART_MS);
        // Timers come before sockets: what is there already is read first.
        setImmediate(() => {
          if (!given) reject(storeTooSlow(deadlineMs));
          given = true;
        });
      });
    };
    const end = (settle: () => void) => {
      cancel();
      if (!given) passed(Math.min(PART_MS, clock.monotonicMs() - partBeganMs));
      given = true;
      settle();
    };
    wait(deadlineMs);
    call.then(
      (result) => end(() => resolve(result)),
      (error) => end(() => reject(error)),
    );
  });
}
