import { crc32 } from 'node:zlib';
import type { Entry, Payload, StoredResponse } from '../entry.ts';
import { type FieldLine, isToken } from '../http/fields.ts';
import { isReplayed } from '../http/replayed.ts';
import type { NominatedField } from '../http/vary.ts';
import { ByteReader, ByteWriter, Malformed } from './bytes.ts';

/**
 * An entry as bytes, for stores outside this process. The body follows as it is and last, so that decoding
 * takes a view of it and no copy:
 *
 *   "L" version crc32(rest) headLength head body
 *
 * Decoding is total: other versions, cut, flipped or foreign bytes are all "no entry".
 */
const MAGIC = 0x4c;
const VERSION = 3;
const PREFIX_BYTES = 10;

const KINDS = ['response', 'variants', 'value'] as const;

/** What a frame gives back: the entry, and for each of its tags in order the epoch it was born with. */
export interface Framed {
  readonly entry: Entry;
  readonly epochs: readonly string[];
}

export function encodeFrame({ entry, epochs }: Framed): Buffer {
  const head = new ByteWriter();
  head.text(entry.key);
  head.number(entry.retainUntil);
  head.list(entry.tags, (tag, i) => {
    head.text(tag);
    head.text(epochs[i] ?? '');
  });
  head.count(KINDS.indexOf(entry.payload.kind));
  writePayload(head, entry.payload);
  const body = entry.payload.kind === 'variants' ? EMPTY : entry.payload.body;
  return assemble(head.bytes(), body);
}

/** Undefined for anything that `encodeFrame` of this version did not write. */
export function decodeFrame(frame: Buffer): Framed | undefined {
  if (frame.length < PREFIX_BYTES || frame[0] !== MAGIC || frame[1] !== VERSION) return undefined;
  if (crc32(frame.subarray(6)) !== frame.readUInt32BE(2)) return undefined;
  const bodyAt = PREFIX_BYTES + frame.readUInt32BE(6);
  if (bodyAt > frame.length) return undefined;
  try {
    return readHead(new ByteReader(frame.subarray(PREFIX_BYTES, bodyAt)), frame.subarray(bodyAt));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const EMPTY = Buffer.alloc(0);

function assemble(head: Buffer, body: Buffer): Buffer {
  const frame = Buffer.allocUnsafeSlow(PREFIX_BYTES + head.length + body.length);
  frame[0] = MAGIC;
  frame[1] = VERSION;
  frame.writeUInt32BE(head.length, 6);
  head.copy(frame, PREFIX_BYTES);
  body.copy(frame, PREFIX_BYTES + head.length);
  frame.writeUInt32BE(crc32(frame.subarray(6)), 2);
  return frame;
}

function readHead(head: ByteReader, body: Buffer): Framed {
  const key = head.text();
  const retainUntil = head.number();
  const tags: string[] = [];
  const epochs: string[] = [];
  head.list(() => {
    tags.push(head.text());
    epochs.push(head.text());
  });
  const payload = readPayload(head, body);
  head.end();
  return { entry: { key, tags, retainUntil, payload }, epochs };
}

function writePayload(head: ByteWriter, payload: Payload): void {
  if (payload.kind === 'response') writeResponse(head, payload);
  if (payload.kind === 'value') writeNumbers(head, payload, VALUE_NUMBERS);
  if (payload.kind === 'variants') {
    head.list(payload.names, (name) => head.text(name));
    head.list(payload.keys, (key) => head.text(key));
  }
}

function readPayload(head: ByteReader, body: Buffer): Payload {
  const kind = KINDS[head.count()];
  if (kind === 'response') return readResponse(head, body);
  if (kind === 'value') return { kind, ...readNumbers(head, VALUE_NUMBERS), body };
  if (kind === 'variants')
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
