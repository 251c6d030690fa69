import { randomBytes } from 'node:crypto';
import type { Command } from './link.ts';

/**
 * Invalidations in their order: a stream, trimmed, that answers one question. Was one of these tags invalidated since
 * a fill began that did not know of them then? Where the stream cannot tell, for it was trimmed, evicted or begun anew
 * in between, the answer is that it might have been.
 */
export const MAX_LENGTH = 10_000;
/** More since a fill began than this are not read: the fill was slow, and is not stored. */
const MAX_READ = 1000;

/** A place in the log. */
export interface LogPosition {
  readonly id: string;
  readonly nonce: string;
}

export const readPosition = (log: string): Command => ['xrevrange', log, '+', '-', 'COUNT', 1];

/** Undefined when there is no log. */
export function positionOf(reply: unknown): LogPosition | undefined {
  return entriesOf(reply)[0];
}

export const readSince = (log: string, since: LogPosition): Command => [
  'xrange',
  log,
  since.id,
  '+',
  'COUNT',
  MAX_READ,
];

/** Whether the log shows that none of the tags was invalidated since. */
export function isUntouched(reply: unknown, since: LogPosition, marks: readonly string[]): boolean {
  const [first, ...later] = entriesOf(reply);
  // The id is a time, which a log begun anew within the same millisecond would have again.
  const unbroken = first?.id === since.id && first.nonce === since.nonce && later.length < MAX_READ - 1;
  return unbroken && !later.some((entry) => entry.marks.some((mark) => marks.includes(mark)));
}

export const nonce = (): string => randomBytes(9).toString('base64url');

interface LogEntry extends LogPosition {
  readonly marks: readonly string[];
}

function entriesOf(reply: unknown): LogEntry[] {
  if (!Array.isArray(reply)) return [];
  return (reply as [id: string, fields: string[]][]).map(([id, fields]) => ({
    id,
    nonce: fields[1] ?? '',
    marks: fields.filter((_, i) => i > 2 && i % 2 === 1),
  }));
}
