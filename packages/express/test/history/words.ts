import type { Delivery } from '@larder/core';
import type { TableName } from '@larder/postgres';

/** A shop in a process of its own: items that are read through the cache, and written. */
export interface Setup {
  readonly redis: string;
  readonly namespace: string;
  readonly database: string;
  readonly schema: string;
  readonly outbox: TableName;
  readonly seed: number;
}

/** What it tells besides its answers, in the order in which it happens. */
export type Word =
  | { readonly port: number }
  /** What came of the invalidation of a write. Its answer cannot say so: it was begun before. */
  | { readonly write: string; readonly state: Delivery }
  /** Redis knows everything that was pending. */
  | { readonly delivered: true };

/** The field of a request that says which write it is. */
export const WRITE = 'x-write';
