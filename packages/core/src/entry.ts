import type { FieldLine } from './http/fields.ts';
import type { Freshness } from './http/reuse.ts';
import type { NominatedField } from './http/vary.ts';
import type { CacheKey } from './key.ts';
import type { Tag } from './tags.ts';

/** A whole response, ready to be sent: nothing in it is computed again at a hit. */
export interface StoredResponse extends Freshness {
  readonly kind: 'response';
  readonly status: number;
  /** Replayable lines, Date and Cache-Control among them. */
  readonly lines: readonly FieldLine[];
  /** What the handler said to this cache by name, which clients do not hear. */
  readonly ownField: string | undefined;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** What of the request chose this response; empty when its URI alone does. */
  readonly nominated: readonly NominatedField[];
  /** The entity tag is of our making: the handler would not know it. */
  readonly ownEtag: boolean;
  /** Its Cache-Control is of our making, for clients. */
  readonly ownControl: boolean;
  /** May answer a request with Authorization (RFC 9111 §3.5). */
  readonly forEverybody: boolean;
  /** Ms that the handler took to make it. */
  readonly costMs: number;
  /** The route's pattern, kept so that a hit can be counted without routing. */
  readonly route: string;
  readonly body: Buffer;
}

/** What the handler can be asked with whether the response still holds (RFC 9111 §4.3.1). */
export function conditionsOf({
  etag,
  lastModified,
  ownEtag,
}: StoredResponse): Readonly<Record<string, string>> {
  return {
    ...(etag === undefined || ownEtag ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
}

/** Epoch ms until which it may stand in for a handler that fails: in both windows, for in either it may be used stale. */
export const coverableUntil = ({
  staleWhileRevalidateUntil,
  staleIfErrorUntil,
}: Pick<Freshness, 'staleWhileRevalidateUntil' | 'staleIfErrorUntil'>): number =>
  Math.max(staleWhileRevalidateUntil, staleIfErrorUntil);

/** Whether the handler could confirm it with a 304. */
export const canBeValidated = (response: StoredResponse): boolean =>
  Object.keys(conditionsOf(response)).length > 0;

/** How a stored response says that a field set upstream is to be taken away. */
export const isRemoval = (value: FieldLine[1]): boolean => typeof value !== 'string' && value.length === 0;

/** A stale response that the handler can validate is kept for as long again as it was fresh, within these. */
const LEAST_KEPT_MS = 600_000;
const MOST_KEPT_MS = 86_400_000;

/** When nothing may be made of a response stored now any more, epoch ms. */
export function retainUntil(response: StoredResponse, now: number): number {
  const { freshUntil } = response;
  const usable = Math.max(freshUntil, coverableUntil(response));
  if (!canBeValidated(response)) return usable;
  const again = Math.min(Math.max(freshUntil - now, LEAST_KEPT_MS), MOST_KEPT_MS);
  return Math.max(usable, Math.max(freshUntil, now) + again);
}

/** The stored response as one that nobody is given unvalidated any more. */
export const outdated = (response: StoredResponse, now: number): StoredResponse => ({
  ...response,
  freshUntil: now,
  staleWhileRevalidateUntil: now,
  staleIfErrorUntil: now,
  strict: true,
});

/** Stands at a URI whose responses depend on request fields, and says which. */
export interface Variants {
  readonly kind: 'variants';
  readonly names: readonly string[];
  /** Keys of the variants stored, oldest first. */
  readonly keys: readonly CacheKey[];
}

/** A value, encoded: every reader decodes a copy of its own. Without bytes it is `undefined`. */
export interface StoredValue {
  readonly kind: 'value';
  readonly freshUntil: number;
  readonly staleWhileRevalidateUntil: number;
  readonly staleIfErrorUntil: number;
  /** Ms that it took to load. */
  readonly costMs: number;
  readonly body: Buffer;
}

export type Payload = StoredResponse | Variants | StoredValue;

export interface Entry<P extends Payload = Payload> {
  /** The full key, compared on every read: a digest alone identifies nothing. */
  readonly key: CacheKey;
  /** Every tag it falls with, the cache's own included. */
  readonly tags: readonly Tag[];
  /** Epoch ms after which no rule lets it be used; stores drop it then. */
  readonly retainUntil: number;
  readonly payload: P;
  /** What the shared store compares with what it has to say whether the entry still stands; opaque. */
  readonly epochs?: readonly string[] | undefined;
  /** Of a copy. */
  readonly confirmed?: Confirmation | undefined;
}

/** When the shared store was asked for what it then gave. */
export interface Confirmation {
  readonly atMs: number;
  /** In which it was asked; undefined for as long as it is not known to have what is in memory. */
  session: string | undefined;
  /** Under these it falls besides its tags. */
  readonly marks: readonly Tag[];
}

/**
 * The entry as it is since something in it was softly invalidated: stale from then on, as it would have been in its
 * time.
 */
export function softened(entry: Entry, at: number): Entry {
  const { payload } = entry;
  if (payload.kind === 'variants' || payload.freshUntil <= at) return entry;
  const earlier = payload.freshUntil - at;
  const windows = {
    freshUntil: at,
    staleWhileRevalidateUntil: payload.staleWhileRevalidateUntil - earlier,
    staleIfErrorUntil: payload.staleIfErrorUntil - earlier,
  };
  return { ...entry, payload: { ...payload, ...windows } };
}

/** Variants of one URI kept at a time; a further one takes the place of the oldest. */
export const MAX_VARIANTS = 64;

const ENTRY_OVERHEAD = 512;
const LINE_OVERHEAD = 64;

/** Bytes an entry keeps in memory: its texts, what its body is part of, and an allowance for the objects around them. */
export function entryBytes(entry: Entry): number {
  let bytes = ENTRY_OVERHEAD + 2 * entry.key.length;
  for (const tag of entry.tags) bytes += LINE_OVERHEAD + tag.length;
  const { payload } = entry;
  if (payload.kind === 'variants') {
    for (const key of payload.keys) bytes += LINE_OVERHEAD + key.length;
    return bytes;
  }
  bytes += payload.body.buffer.byteLength;
  if (payload.kind === 'value') return bytes;
  for (const [name, value] of payload.lines) {
    bytes += LINE_OVERHEAD + name.length;
    for (const line of typeof value === 'string' ? [value] : value) bytes += LINE_OVERHEAD + line.length;
  }
  for (const [name, value] of payload.nominated) bytes += LINE_OVERHEAD + name.length + (value?.length ?? 0);
  return bytes;
}
