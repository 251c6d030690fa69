import type { StoreOperation } from './events.ts';
import type { CacheKey } from './key.ts';
import type { Grant, Hold, Lock } from './lock.ts';
import { attempt, type GuardContext } from './store/attempt.ts';
import { aside } from './store/budget.ts';
import { inTime } from './store/patience.ts';

/** A hold of nothing: who cannot ask for the key goes on as if it were free. */
const UNKNOWN: Hold = { kind: 'held', extend: async () => true, release: async () => {} };

/**
 * A lock that may fail, made one that is then as good as free: a fill runs more often than it need, and no
 * request waits for what cannot be told to it.
 */
export const guardedLock = (lock: Lock, context: GuardContext): Lock => new GuardedLock(lock, context);

class GuardedLock implements Lock {
  readonly #lock: Lock;
  readonly #context: GuardContext;

  constructor(lock: Lock, context: GuardContext) {
    this.#lock = lock;
    this.#context = context;
  }

  async acquire(key: CacheKey, ttlMs: number): Promise<Grant> {
    let asked: Promise<Grant> | undefined;
    const ask = () => {
      asked = this.#lock.acquire(key, ttlMs);
      return asked;
    };
    const grant = await this.#attempt<Grant | undefined>('lock', ask, undefined);
    if (grant === undefined) {
      letGo(asked);
      return UNKNOWN;
    }
    if (grant.kind === 'taken')
      return { kind: 'taken', freed: (ms) => grant.freed(ms).catch(() => undefined) };
    return {
      kind: 'held',
      // Nobody can tell whether it was extended; to stop a fill for that would only lose its work.
      extend: (ms) => aside(() => this.#attempt('lock', () => grant.extend(ms), true)),
      release: (ending) => aside(() => this.#attempt('unlock', () => grant.release(ending), undefined)),
    };
  }

  async close(): Promise<void> {
    await inTime(this.#context.clock, this.#context.deadlineMs, this.#lock.close()).catch(() => {});
  }

  #attempt<T>(operation: StoreOperation, run: () => Promise<T>, otherwise: T): Promise<T> {
    return attempt(this.#context, operation, run, otherwise);
  }
}

/** A grant that comes too late for who asked: held for nobody, it would keep everybody else waiting. */
function letGo(late: Promise<Grant> | undefined): void {
  late
    ?.then(async (grant) => {
      if (grant.kind === 'held') await grant.release('lost');
    })
    .catch(() => {});
}
