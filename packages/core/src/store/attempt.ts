import type { Clock } from '../clock.ts';
import { skipReason, storeSkipped } from '../errors.ts';
import type { Observer, StoreOperation } from '../events.ts';
import { Budget, budgetOfRequest } from './budget.ts';

/** How long a shared store is waited for, in milliseconds. */
export interface Waiting {
  /** For one call. */
  readonly deadlineMs: number;
  /** For all calls of one request together. */
  readonly budgetMs: number;
}

export interface GuardContext extends Waiting {
  readonly namespace: string;
  readonly tier: string;
  readonly clock: Clock;
  readonly observe: Observer;
}

/** What comes after the answer, and is no part of what its request waits for. */
const BEHIND: ReadonlySet<StoreOperation> = new Set(['set', 'unlock']);

/**
 * What the call gives, or `otherwise` when it fails or takes too long. The observer is told of either. A call that is
 * given up may still arrive: a late store is refused by its tags, a late invalidation does no harm, and a late lock is
 * let go of.
 */
export async function attempt<T>(
  context: GuardContext,
  operation: StoreOperation,
  run: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  const { clock, deadlineMs, budgetMs } = context;
  const spent = BEHIND.has(operation) ? undefined : budgetOfRequest();
  const budget = spent ?? new Budget(clock, budgetMs);
  const inTime = async () => {
    if (budget.leftMs < 1) throw storeSkipped('budget');
    return budget.wait(run(), deadlineMs);
  };
  return observed(context, operation, inTime).catch(() => otherwise);
}

/** What the call gives, however long it takes. The observer is told how it went. */
export async function observed<T>(
  { namespace, tier, clock, observe }: GuardContext,
  operation: StoreOperation,
  run: () => Promise<T>,
): Promise<T> {
  const about = { namespace, tier, operation };
  const startedMs = clock.monotonicMs();
  const took = () => ({ seconds: (clock.monotonicMs() - startedMs) / 1000 });
  try {
    const result = await run();
    observe({ type: 'store-call', ...about, ...took() });
    return result;
  } catch (error) {
    const why = skipReason(error);
    if (why === undefined) observe({ type: 'store-call', ...about, ...took(), error });
    else observe({ type: 'store-skip', ...about, why });
    throw error;
  }
}
