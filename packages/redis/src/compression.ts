import { type Framed, invalidOptions, knownOptions } from '@larder/core';
import { type Codec, type CodingName, codecs } from './codecs.ts';
import { isCompressible } from './compressible.ts';

export interface CompressionOptions {
  /** `auto` (default): zstd where this Node has it, since 22.15 and 23.8, and gzip where it has not. */
  readonly algorithm?: 'auto' | CodingName;
  /** Of the algorithm named: gzip 1–9 (default 3), br 0–11 (default 4), zstd 1–22 (default 3). */
  readonly level?: number;
  /** Bytes from which on a body is compressed. Default 4096. */
  readonly threshold?: number;
  /** Bytes of the largest body that is compressed, or inflated whoever compressed it. Default 64 MiB. */
  readonly maxInflatedBytes?: number;
}

/** Bodies on their way to the store and back. Neither way rejects. */
export interface Compression {
  /** With its body coded, where that is wanted and saves something. */
  pack(framed: Framed): Promise<Framed>;
  /** With its body as it was; why not, where it cannot be had. */
  unpack(framed: Framed): Promise<Framed | 'coding' | 'malformed'>;
}

const DEFAULT_THRESHOLD = 4096;
const DEFAULT_MAX_INFLATED_BYTES = 64 * 1024 * 1024;
const MOST_INFLATED_BYTES = 1024 * 1024 * 1024;
/** What is left of a body for it to be worth inflating at every read. */
const MOST_LEFT = 0.9;

/**
 * Without options nothing is compressed; what others have compressed is read all the same.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function compressionOf(options: CompressionOptions | undefined): Compression {
  const how = options === undefined ? undefined : resolved(options);
  const maxInflatedBytes = how?.maxInflatedBytes ?? DEFAULT_MAX_INFLATED_BYTES;
  return {
    pack: async (framed) => (how === undefined ? framed : pack(framed, how)),
    unpack: (framed) => unpack(framed, maxInflatedBytes),
  };
}

interface Resolved {
  readonly name: CodingName;
  readonly codec: Codec;
  readonly level: number;
  readonly threshold: number;
  readonly maxInflatedBytes: number;
}

async function pack(framed: Framed, how: Resolved): Promise<Framed> {
  const { payload } = framed.entry;
  if (payload.kind === 'variants' || framed.coding !== undefined) return framed;
  const bytes = payload.body.length;
  if (bytes < how.threshold || bytes > how.maxInflatedBytes || !isCompressible(payload)) return framed;
  const most = Math.floor(bytes * MOST_LEFT);
  const body = await how.codec.deflate(payload.body, how.level, most).catch(() => undefined);
  if (body === undefined) return framed;
  const entry = { ...framed.entry, payload: { ...payload, body } };
  return { ...framed, entry, coding: { name: how.name, bytes } };
}

async function unpack(framed: Framed, maxInflatedBytes: number): Promise<Framed | 'coding' | 'malformed'> {
  const { entry, epochs, coding } = framed;
  const { payload } = entry;
  if (coding === undefined || payload.kind === 'variants') return framed;
  const codec = codecs[coding.name];
  if (codec === undefined || coding.bytes > maxInflatedBytes) return 'coding';
  const body = await codec.inflate(payload.body, coding.bytes).catch(() => undefined);
  if (body?.length !== coding.bytes) return 'malformed';
  return { entry: { ...entry, payload: { ...payload, body } }, epochs };
}

const KNOWN: readonly string[] = [
  'algorithm',
  'level',
  'threshold',
  'maxInflatedBytes',
] satisfies (keyof CompressionOptions)[];

function resolved(options: CompressionOptions): Resolved {
  knownOptions('compression', options, KNOWN);
  const { algorithm = 'auto', level } = options;
  const { name, codec } = codecFor(algorithm);
  if (algorithm === 'auto' && level !== undefined)
    throw invalidOptions('compression.level', level, 'name the algorithm that it is a level of');
  return {
    name,
    codec,
    level: whole('level', level ?? codec.defaultLevel, ...codec.levels),
    threshold: whole('threshold', options.threshold ?? DEFAULT_THRESHOLD, 1, MOST_INFLATED_BYTES),
    maxInflatedBytes: whole(
      'maxInflatedBytes',
      options.maxInflatedBytes ?? DEFAULT_MAX_INFLATED_BYTES,
      1,
      MOST_INFLATED_BYTES,
    ),
  };
}

function codecFor(algorithm: unknown): { name: CodingName; codec: Codec } {
  const name = algorithm === 'auto' ? (codecs.zstd ? 'zstd' : 'gzip') : algorithm;
  if (name !== 'gzip' && name !== 'br' && name !== 'zstd')
    throw invalidOptions('compression.algorithm', name, 'give "auto", "zstd", "gzip" or "br"');
  const codec = codecs[name];
  if (codec !== undefined) return { name, codec };
  const fix = `Node ${process.versions.node} has none: use 22.15, 23.8 or newer, or give "gzip" or "br"`;
  throw invalidOptions('compression.algorithm', name, fix);
}

function whole(option: string, given: number, least: number, most: number): number {
  if (Number.isSafeInteger(given) && given >= least && given <= most) return given;
  throw invalidOptions(`compression.${option}`, given, `give a whole number, ${least} to ${most}`);
}
