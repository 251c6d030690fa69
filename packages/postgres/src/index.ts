export { type AfterCommit, afterCommit } from './after-commit.ts';
export { createOutbox, type Outbox, type RecordOptions, type Waiting } from './outbox.ts';
export type { OutboxOptions } from './outbox-options.ts';
export { outboxSchema, type Queryable } from './outbox-table.ts';
export type { TableName } from './sql-text.ts';
export {
  type RunTransaction,
  type Transaction,
  type TransactionsOptions,
  transactions,
} from './transactions.ts';
export { type TriggerOptions, triggerSchema } from './trigger-schema.ts';
