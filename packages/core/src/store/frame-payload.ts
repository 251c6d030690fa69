import type { Payload, StoredResponse } from '../entry.ts';
import { type FieldLine, isToken } from '../http/fields.ts';
import { isReplayed } from '../http/replayed.ts';
import type { NominatedField } from '../http/vary.ts';
import { type ByteReader, type ByteWriter, Malformed } from './bytes.ts';

/**
 * What an entry holds, as the head of a frame says it. What is read may have been written by anybody who can write to
 * the store: it comes out as what a response may be, or not at all.
 */
const KINDS = ['response', 'variants', 'value'] as const;

/** All of it but the body. */
export function writePayload(head: ByteWriter, payload: Payload): void {
  head.count(KINDS.indexOf(payload.kind));
  if (payload.kind === 'response') writeResponse(head, payload);
  if (payload.kind === 'value') writeNumbers(head, payload, VALUE_NUMBERS);
  if (payload.kind === 'variants') {
    head.list(payload.names, (name) => head.text(name));
    head.list(payload.keys, (key) => head.text(key));
  }
}

/** @throws Malformed */
export function readPayload(head: ByteReader, body: Buffer): Payload {
  const kind = KINDS[head.count()];
  if (kind === 'response') return readResponse(head, body);
  if (kind === 'value') return { kind, ...readNumbers(head, VALUE_NUMBERS), body };
  if (kind === 'variants' && body.length === 0)
    return { kind, names: head.list(() => head.text()), keys: head.list(() => head.text()) };
  throw new Malformed();
}

function writeResponse(head: ByteWriter, response: StoredResponse): void {
  head.count(response.status);
  writeNumbers(head, response, RESPONSE_NUMBERS);
  head.count(FLAGS.reduce((bits, flag, i) => bits | (response[flag] ? 1 << i : 0), 0));
  head.text(response.route);
  head.optional(response.ownField);
  head.optional(response.etag);
  head.optional(response.lastModified);
  head.list(response.nominated, ([name, value]) => {
    head.text(name);
    head.optional(value ?? undefined);
  });
  head.list(response.lines, ([name, value]) => {
    head.text(name);
    head.list(typeof value === 'string' ? [value] : value, (line) => head.text(line));
  });
}

function readResponse(head: ByteReader, body: Buffer): StoredResponse {
  const status = head.count();
  if (status < 200 || status > 599) throw new Malformed();
  const numbers = readNumbers(head, RESPONSE_NUMBERS);
  const flags = readFlags(head.count());
  return {
    kind: 'response',
    status,
    ...numbers,
    ...flags,
    route: head.text(),
    ownField: head.optional(),
    etag: head.optional(),
    lastModified: head.optional(),
    nominated: head.list((): NominatedField => [fieldName(head.text()), head.optional() ?? null]),
    lines: head.list((): FieldLine => [storedName(head.text()), fieldValues(head)]),
    body,
  };
}

const VALUE_NUMBERS = ['freshUntil', 'staleWhileRevalidateUntil', 'staleIfErrorUntil', 'costMs'] as const;
const RESPONSE_NUMBERS = ['generatedAt', ...VALUE_NUMBERS] as const;

function writeNumbers<N extends string>(
  head: ByteWriter,
  from: Readonly<Record<N, number>>,
  names: readonly N[],
): void {
  for (const name of names) head.number(from[name]);
}

const readNumbers = <N extends string>(head: ByteReader, names: readonly N[]): Record<N, number> =>
  Object.fromEntries(names.map((name) => [name, head.number()])) as Record<N, number>;

const FLAGS = ['strict', 'ownEtag', 'ownControl', 'forEverybody'] as const;

function readFlags(bits: number): Record<(typeof FLAGS)[number], boolean> {
  if (bits >= 1 << FLAGS.length) throw new Malformed();
  const [strict, ownEtag, ownControl, forEverybody] = FLAGS.map((_, i) => (bits & (1 << i)) !== 0);
  return {
    strict: strict!,
    ownEtag: ownEtag!,
    ownControl: ownControl!,
    forEverybody: forEverybody!,
  };
}

function fieldName(text: string): string {
  if (!isToken(text)) throw new Malformed();
  return text;
}

function storedName(text: string): string {
  if (!isReplayed(text)) throw new Malformed();
  return fieldName(text);
}

/** Whoever can write to the store must not be able to split a response into two (RFC 9110 §5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function fieldValues(head: ByteReader): string | readonly string[] {
  const values = head.list(() => {
    const value = head.text();
    if (!FIELD_VALUE.test(value)) throw new Malformed();
    return value;
  });
  return values.length === 1 ? values[0]! : values;
}
