import { setTimeout as sleep } from 'node:timers/promises';
import { ServerFailedError } from '../errors.ts';

const deadline = 30_000;

/** Resolves when the fact holds; what cannot be asked does not hold yet. Rejects after a while, and says what was not so. */
export async function eventually(what: string, fact: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + deadline;
  let cause: unknown;
  const holds = () =>
    fact().catch((error: unknown) => {
      cause = error;
      return false;
    });
  while (!(await holds())) {
    if (Date.now() > end) throw new ServerFailedError(`It never came about that ${what}.`, '', { cause });
    await sleep(20);
  }
}
