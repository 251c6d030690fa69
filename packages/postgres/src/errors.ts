import { LarderError } from '@larder/core';

/** Errors of transactions; their codes are among core's. */

export const rolledBack = (): LarderError =>
  new LarderError(
    'LARDER_ROLLED_BACK',
    'nothing was committed: a statement of the transaction had failed, and its error was caught; use a SAVEPOINT for what may fail',
  );

export const commitUnknown = (cause: unknown): LarderError =>
  new LarderError(
    'LARDER_COMMIT_UNKNOWN',
    'the connection was lost during COMMIT, so the transaction may have been committed or not',
    { cause },
  );

export const transactionOver = (): LarderError =>
  new LarderError(
    'LARDER_TRANSACTION_OVER',
    'the transaction is over: name tags before its function has ended, and await what it begins',
  );
