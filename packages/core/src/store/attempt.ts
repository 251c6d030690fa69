import type { Clock } from '../clock.ts';
import { storeTooSlow } from '../errors.ts';
import type { Observer, StoreOperation } from '../events.ts';

/**
 * Milliseconds until a call counts as failed, whatever the store's own client would wait for. A call that is
 * given up may still arrive: a late store is refused by its tags, a late invalidation does no harm, and a late
 * lock is let go of.
 */
export const CALL_DEADLINE_MS = 250;

export interface GuardContext {
  readonly namespace: string;
  readonly tier: string;
  /** Milliseconds that a call may take. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly observe: Observer;
}

/** What the call gives, or `otherwise` when it fails or takes too long. The observer is told of either. */
export async function attempt<T>(
  context: GuardContext,
  operation: StoreOperation,
  run: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  const { namespace, tier, clock, observe, deadlineMs } = context;
  const startedMs = clock.monotonicMs();
  const call = (error?: unknown) =>
    observe({
      type: 'store-call',
      namespace,
      tier,
      operation,
      seconds: (clock.monotonicMs() - startedMs) / 1000,
      ...(error === undefined ? {} : { error }),
    });
  try {
    const result = await inTime(clock, deadlineMs, run());
    call();
    return result;
  } catch (error) {
    call(error);
    return otherwise;
  }
}

/** Parts of a deadline that are waited for one by one: time in which the process was busy counts as one at most. */
const PARTS = 5;

/**
 * Rejects once the deadline has passed. A crowd of requests can keep a process from its sockets for longer than that,
 * and what is wrong then is not the store: so much of the time counts as the process was there to read a reply.
 */
export function inTime<T>(clock: Clock, deadlineMs: number, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel = () => {};
    const wait = (left: number) => {
      cancel = clock.after(deadlineMs / PARTS, () => {
        // Timers come before sockets: what is there already is read first.
        if (left === 1) setImmediate(() => reject(storeTooSlow(deadlineMs)));
        else wait(left - 1);
      });
    };
    wait(PARTS);
    call.then(resolve, reject).finally(() => cancel());
  });
}
