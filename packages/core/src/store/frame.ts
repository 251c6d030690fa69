import { crc32 } from 'node:zlib';
import type { Entry } from '../entry.ts';
import type { UnreadableReason } from '../events.ts';
import { ByteReader, ByteWriter, Malformed } from './bytes.ts';
import { readPayload, writePayload } from './frame-payload.ts';

/**
 * An entry as bytes, for stores outside this process. The body follows as it is and last, so that decoding
 * takes a view of it and no copy:
 *
 *   "L" version crc32(rest) headLength head body
 *
 * Decoding is total: other versions, cut, flipped or foreign bytes are all "no entry", and it says of which kind.
 */
const MAGIC = 0x4c;
/** Raised with every change of what follows. Names of entries carry it, so that two versions keep out of each other's way. */
export const FRAME_VERSION = 4;
const PREFIX_BYTES = 10;

const CODINGS = ['gzip', 'br', 'zstd'] as const;

/** How a body is coded. Frames only carry it: to code and to decode is for who stores them. */
export interface Coding {
  readonly name: (typeof CODINGS)[number];
  /** What it comes to when decoded: always more than there is. To be checked before it is believed. */
  readonly bytes: number;
}

/** What a frame gives back: the entry, and for each of its tags in order the epoch it was born with. */
export interface Framed {
  /** Its body is coded where `coding` says so, and nobody's response then. */
  readonly entry: Entry;
  readonly epochs: readonly string[];
  readonly coding?: Coding;
}

/** Why bytes are no entry. */
export type Unreadable = Exclude<UnreadableReason, 'key'>;

export function encodeFrame({ entry, epochs, coding }: Framed): Buffer {
  const head = new ByteWriter();
  head.text(entry.key);
  head.number(entry.retainUntil);
  head.list(entry.tags, (tag, i) => {
    head.text(tag);
    head.text(epochs[i] ?? '');
  });
  writeCoding(head, coding);
  writePayload(head, entry.payload);
  const body = entry.payload.kind === 'variants' ? EMPTY : entry.payload.body;
  return assemble(head.bytes(), body);
}

export function decodeFrame(frame: Buffer): Framed | Unreadable {
  if (frame.length < PREFIX_BYTES || frame[0] !== MAGIC) return 'damaged';
  if (frame[1] !== FRAME_VERSION) return 'version';
  if (crc32(frame.subarray(6)) !== frame.readUInt32BE(2)) return 'damaged';
  const bodyAt = PREFIX_BYTES + frame.readUInt32BE(6);
  if (bodyAt > frame.length) return 'malformed';
  try {
    return readHead(new ByteReader(frame.subarray(PREFIX_BYTES, bodyAt)), frame.subarray(bodyAt));
  } catch (error) {
    if (error instanceof Malformed) return 'malformed';
    throw error;
  }
}

const EMPTY = Buffer.alloc(0);

function assemble(head: Buffer, body: Buffer): Buffer {
  const frame = Buffer.allocUnsafeSlow(PREFIX_BYTES + head.length + body.length);
  frame[0] = MAGIC;
  frame[1] = FRAME_VERSION;
  frame.writeUInt32BE(head.length, 6);
  head.copy(frame, PREFIX_BYTES);
  body.copy(frame, PREFIX_BYTES + head.length);
  frame.writeUInt32BE(crc32(frame.subarray(6)), 2);
  return frame;
}

function readHead(head: ByteReader, body: Buffer): Framed | 'coding' {
  const key = head.text();
  const retainUntil = head.number();
  const tags: string[] = [];
  const epochs: string[] = [];
  head.list(() => {
    tags.push(head.text());
    epochs.push(head.text());
  });
  const coding = readCoding(head, body);
  if (coding === 'coding') return coding;
  const payload = readPayload(head, body);
  head.end();
  return { entry: { key, tags, retainUntil, payload }, epochs, ...(coding && { coding }) };
}

function writeCoding(head: ByteWriter, coding: Coding | undefined): void {
  head.count(coding === undefined ? 0 : 1 + CODINGS.indexOf(coding.name));
  if (coding !== undefined) head.count(coding.bytes);
}

function readCoding(head: ByteReader, body: Buffer): Coding | 'coding' | undefined {
  const which = head.count();
  if (which === 0) return undefined;
  const name = CODINGS[which - 1];
  if (name === undefined) return 'coding';
  const bytes = head.count();
  // No coding makes nothing of something, and none is kept that does not make it less.
  if (body.length === 0 || bytes <= body.length) throw new Malformed();
  return { name, bytes };
}
