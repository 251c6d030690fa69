import { randomBytes } from 'node:crypto';
import type { Command } from './batch.ts';

/**
 * The namespace's invalidations in order: a stream, trimmed, that answers one question. Was one of these tags
 * invalidated since a fill began that did not know of them then? Where the stream cannot tell, for it was
 * trimmed, evicted or begun anew in between, the answer is that it might have been.
 */
const MAX_LENGTH = 10_000;
/** More since a fill began than this are not read: the fill was slow, and is not stored. */
const MAX_READ = 1000;

/** A place in the log; undefined when there was no log yet. */
export type LogPosition = { readonly id: string; readonly nonce: string } | undefined;

export const readPosition = (log: string): Command => ['xrevrange', log, '+', '-', 'COUNT', 1];

export function positionOf(reply: unknown): LogPosition {
  return entriesOf(reply)[0];
}

/** Appends one invalidation; of no epochs, it only begins the log. */
export const append = (log: string, epochs: readonly string[], ttlMs: number): Command[] => [
  [
    'xadd',
    log,
    'MAXLEN',
    '~',
    MAX_LENGTH,
    '*',
    'nonce',
    nonce(),
    ...epochs.flatMap((epoch) => ['epoch', epoch]),
  ],
  ['pexpire', log, ttlMs],
];

export const readSince = (log: string, since: NonNullable<LogPosition>): Command => [
  'xrange',
  log,
  since.id,
  '+',
  'COUNT',
  MAX_READ,
];

/** Whether the log shows that none of the epochs was invalidated since. */
export function isUntouched(
  reply: unknown,
  since: NonNullable<LogPosition>,
  epochs: readonly string[],
): boolean {
  const [first, ...later] = entriesOf(reply);
  // The id is a time, which a log begun anew within the same millisecond would have again.
  const unbroken = first?.id === since.id && first.nonce === since.nonce && later.length < MAX_READ - 1;
  return unbroken && !later.some((entry) => entry.epochs.some((epoch) => epochs.includes(epoch)));
}

const nonce = (): string => randomBytes(9).toString('base64url');

interface LogEntry {
  readonly id: string;
  readonly nonce: string;
  readonly epochs: readonly string[];
}

function entriesOf(reply: unknown): LogEntry[] {
  if (!Array.isArray(reply)) return [];
  return (reply as [id: string, fields: string[]][]).map(([id, fields]) => ({
    id,
    nonce: fields[1] ?? '',
    epochs: fields.filter((_, i) => i > 2 && i % 2 === 1),
  }));
}
