import { randomBytes } from 'node:crypto';
import { reachedBy, type Tag } from '@larder/core';
import type { Command } from './link.ts';

/**
 * Invalidations in their order: a stream, trimmed. It answers what was invalidated since a place in it; where it cannot
 * tell, for it was trimmed, evicted or begun anew in between, the answer is that anything might have been.
 */
export const MAX_LENGTH = 10_000;
/** Read at a time. */
const MAX_READ = 1000;

/** A place in the log. */
export interface LogPosition {
  readonly id: string;
  readonly nonce: string;
}

/** What takes more than one step, and is said before the first and behind the last. */
export interface Work {
  readonly id: string;
  readonly state: 'begins' | 'ends';
}

export interface LogEntry extends LogPosition {
  /** Who wrote it. */
  readonly by: string;
  readonly tags: readonly Tag[];
  /** Epoch ms since when they are stale, where they were invalidated softly. */
  readonly softAt: number | undefined;
  readonly work: Work | undefined;
}

/** What to write down. */
export interface Written {
  readonly by: string;
  readonly tags: readonly Tag[];
  readonly softAt?: number | undefined;
  readonly work?: Work | undefined;
}

export const randomId = (): string => randomBytes(9).toString('base64url');

export const fieldsOf = ({ by, tags, softAt, work }: Written): string[] => [
  ...['nonce', randomId(), 'by', by],
  ...(work === undefined ? [] : [work.state, work.id]),
  ...(softAt === undefined ? [] : ['soft', String(softAt)]),
  ...tags.flatMap((tag) => ['tag', tag]),
];

export const readPosition = (log: string): Command => ['xrevrange', log, '+', '-', 'COUNT', 1];

/** Undefined when there is no log. */
export function positionOf(reply: unknown): LogPosition | undefined {
  return entriesOf(reply)[0];
}

export const readLast = (log: string): Command => ['xrevrange', log, '+', '-', 'COUNT', MAX_READ];

/** The oldest first. */
export const lastOf = (reply: unknown): readonly LogEntry[] => entriesOf(reply).reverse();

export const readSince = (log: string, since: LogPosition): Command => [
  'xrange',
  log,
  since.id,
  '+',
  'COUNT',
  MAX_READ,
];

/** What a log says of the time since a place in it. */
export interface News {
  readonly entries: readonly LogEntry[];
  /** There is more of it, which was not read. */
  readonly more: boolean;
}

/** Undefined where it cannot tell. */
export function newsSince(reply: unknown, since: LogPosition): News | undefined {
  const [first, ...entries] = entriesOf(reply);
  // The id is a time, which a log begun anew within the same millisecond would have again.
  if (first?.id !== since.id || first.nonce !== since.nonce) return undefined;
  return { entries, more: entries.length === MAX_READ - 1 };
}

/** Whether the log shows that none of the tags was invalidated since. A fill in whose time so much was is not looked into. */
export function isUntouched(reply: unknown, since: LogPosition, tags: readonly Tag[]): boolean {
  const news = newsSince(reply, since);
  return (
    news !== undefined && !news.more && !tags.some(reachedBy(news.entries.flatMap((entry) => entry.tags)))
  );
}

function entriesOf(reply: unknown): LogEntry[] {
  if (!Array.isArray(reply)) return [];
  return (reply as [id: string, fields: string[]][]).map(([id, fields]) => {
    const of = (name: string) =>
      fields.flatMap((field, i) => (i % 2 === 0 && field === name ? fields[i + 1]! : []));
    const [soft] = of('soft');
    const [[begins], [ends]] = [of('begins'), of('ends')];
    return {
      id,
      nonce: of('nonce')[0] ?? '',
      by: of('by')[0] ?? '',
      tags: of('tag'),
      softAt: soft === undefined ? undefined : Number(soft),
      work: workOf('begins', begins) ?? workOf('ends', ends),
    };
  });
}

const workOf = (state: Work['state'], id: string | undefined): Work | undefined =>
  id === undefined ? undefined : { id, state };
