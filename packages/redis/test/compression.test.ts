import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { decodeFrame, type Entry, encodeFrame, type Framed } from '@larder/core';
import { describe, expect, it } from 'vitest';
import { type CodingName, codecs } from '../src/codecs.ts';
import { type CompressionOptions, compressionOf } from '../src/compression.ts';

const NAMES: readonly CodingName[] = ['gzip', 'br', 'zstd'];
/** Those that this Node has. */
const HERE = NAMES.filter((name) => codecs[name] !== undefined);
const times = { freshUntil: 2, staleWhileRevalidateUntil: 3, staleIfErrorUntil: 4, costMs: 5 };

const value = (body: Buffer): Framed => ({
  entry: { key: 'k', tags: ['t:a'], retainUntil: 9, payload: { kind: 'value', ...times, body } },
  epochs: ['epoch'],
});
const response = (body: Buffer, fields: Record<string, string>): Framed => {
  const payload: Entry['payload'] = {
    kind: 'response',
    ...times,
    status: 200,
    lines: Object.entries(fields),
    ownField: undefined,
    etag: '"a"',
    lastModified: undefined,
    nominated: [],
    ownEtag: true,
    ownControl: true,
    forEverybody: false,
    generatedAt: 1,
    strict: false,
    route: '/a',
    body,
  };
  const { entry, epochs } = value(body);
  return { entry: { ...entry, payload }, epochs };
};
const bodyOf = ({ entry: { payload } }: Framed): Buffer =>
  payload.kind === 'variants' ? Buffer.alloc(0) : payload.body;

const LIST = Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: `tin ${id}` }))));

/** As it comes back out of a store. */
function stored(framed: Framed): Framed {
  const found = decodeFrame(encodeFrame(framed));
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('compression', () => {
  it.each(HERE)('by %s makes a body smaller, and gives back the entry that it was', async (algorithm) => {
    for (const level of [undefined, ...codecs[algorithm]!.levels]) {
      const compression = compressionOf({ algorithm, ...(level === undefined ? {} : { level }) });
      for (const framed of [value(LIST), response(LIST, { 'Content-Type': 'application/json' })]) {
        const packed = await compression.pack(framed);
        expect(packed.coding).toEqual({ name: algorithm, bytes: LIST.length });
        expect(encodeFrame(packed).length).toBeLessThan(encodeFrame(framed).length / 2);
        expect(await compression.unpack(stored(packed))).toEqual(framed);
      }
    }
  });

  it.each(HERE)('by %s brings back bodies of many chunks', async (algorithm) => {
    const { pack, unpack } = compressionOf({ algorithm });
    const parts = Array.from({ length: 5 }, () => [LIST, randomBytes(400_000)]);
    const large = Buffer.concat([...parts.flat(), Buffer.alloc(4 * 1024 * 1024)]);
    const unpacked = await unpack(stored(await pack(value(large))));
    expect(typeof unpacked !== 'string' && bodyOf(unpacked).equals(large)).toBe(true);
  });

  it('is by zstd where this Node has it, by gzip where it has not, and as it is told where it is', async () => {
    const codingOf = async (options: CompressionOptions) =>
      (await compressionOf(options).pack(value(LIST))).coding?.name;
    const best = codecs.zstd === undefined ? 'gzip' : 'zstd';
    expect([await codingOf({}), await codingOf({ algorithm: 'auto' })]).toEqual([best, best]);
    expect(await codingOf({ algorithm: 'br' })).toBe('br');
  });

  it('leaves small bodies as they are, and begins where it is told to', async () => {
    const { pack } = compressionOf({});
    expect((await pack(value(LIST.subarray(0, 4095)))).coding).toBeUndefined();
    expect((await pack(value(LIST.subarray(0, 4096)))).coding).toBeDefined();
    const early = compressionOf({ threshold: 200 });
    expect((await early.pack(value(LIST.subarray(0, 199)))).coding).toBeUndefined();
    expect((await early.pack(value(LIST.subarray(0, 200)))).coding).toBeDefined();
    const eager = compressionOf({ threshold: 1 });
    for (const tiny of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(2)])
      expect(await eager.pack(value(tiny))).toEqual(value(tiny));
  });

  it.each(HERE)('by %s is not kept where it would save less than a tenth', async (algorithm) => {
    const { pack } = compressionOf({ algorithm });
    const random = randomBytes(20_000);
    expect(await pack(value(random))).toEqual(value(random));
    const hardlySmaller = Buffer.concat([random, Buffer.alloc(1500)]);
    expect(await pack(value(hardlySmaller))).toEqual(value(hardlySmaller));
    const smaller = Buffer.concat([random, Buffer.alloc(3500)]);
    expect((await pack(value(smaller))).coding).toEqual({ name: algorithm, bytes: 23_500 });
  });

  it.each([
    { 'Content-Encoding': 'br', 'Content-Type': 'application/json' },
    { 'content-type': 'image/png' },
    { 'Content-Type': 'IMAGE/JPEG' },
    { 'Content-Type': 'video/mp4' },
    { 'Content-Type': 'audio/ogg; codecs=opus' },
    { 'Content-Type': 'font/woff2' },
    { 'Content-Type': 'application/font-woff' },
    { 'Content-Type': 'application/zip' },
    { 'Content-Type': 'application/epub+zip' },
    { 'Content-Type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
  ] as Record<string, string>[])('does not try what is compressed in itself: %o', async (fields) => {
    expect((await compressionOf({}).pack(response(LIST, fields))).coding).toBeUndefined();
  });

  it.each([
    {},
    { 'Content-Type': 'text/html; charset=utf-8' },
    { 'Content-Type': 'image/svg+xml' },
    { 'Content-Type': 'application/octet-stream' },
    { 'Content-Type': 'font/ttf' },
    { 'Content-Type': 'text/plain; name="a.zip"' },
  ] as Record<string, string>[])('tries everything else: %o', async (fields) => {
    expect((await compressionOf({}).pack(response(LIST, fields))).coding).toBeDefined();
  });

  it('has nothing to do with variants, nor twice with the same', async () => {
    const { pack, unpack } = compressionOf({ threshold: 1 });
    const { entry, epochs } = value(LIST);
    const variants: Framed = {
      entry: { ...entry, payload: { kind: 'variants', names: [], keys: [] } },
      epochs,
    };
    expect([await pack(variants), await unpack(variants)]).toEqual([variants, variants]);
    const packed = await pack(value(LIST));
    expect(await pack(packed)).toBe(packed);
  });

  it('that is not wanted compresses nothing, and reads what others have compressed', async () => {
    const without = compressionOf(undefined);
    expect(await without.pack(value(LIST))).toEqual(value(LIST));
    for (const algorithm of HERE) {
      const packed = stored(await compressionOf({ algorithm }).pack(value(LIST)));
      expect(await without.unpack(packed)).toEqual(value(LIST));
    }
  });
});

describe('what somebody else has compressed', () => {
  const { unpack } = compressionOf({ maxInflatedBytes: 100_000 });
  const coded = (body: Buffer, bytes: number, name: CodingName = 'gzip') =>
    stored({ ...value(body), coding: { name, bytes } });
  const deflated = { gzip: zlib.gzipSync, br: zlib.brotliCompressSync } as const;

  it.each(['gzip', 'br'] as const)(
    'by %s is no entry where it is a byte more or less than it says',
    async (name) => {
      const body = deflated[name](LIST);
      for (const bytes of [LIST.length - 1, LIST.length + 1, body.length + 1, 100_000])
        expect(await unpack(coded(body, bytes, name))).toBe('malformed');
      expect(await unpack(coded(body, LIST.length, name))).toEqual(value(LIST));
    },
  );

  it.each(HERE)('as %s, and is none of it or cut, is no entry', async (name) => {
    const { entry } = await compressionOf({ algorithm: name }).pack(value(LIST));
    const body = bodyOf({ entry, epochs: [] });
    for (const wrong of [
      Buffer.from('not compressed'),
      body.subarray(0, -1),
      body.subarray(1),
      Buffer.alloc(9),
    ])
      expect(await unpack(coded(wrong, LIST.length, name))).toBe('malformed');
  });

  it('as what it says is never inflated where that is more than may be', async () => {
    // Were it looked at, it would be found malformed.
    expect(await unpack(coded(Buffer.from('nonsense'), 100_001))).toBe('coding');
    const { pack } = compressionOf({ maxInflatedBytes: 100_000 });
    expect((await pack(value(Buffer.alloc(100_001)))).coding).toBeUndefined();
    expect((await pack(value(Buffer.alloc(100_000)))).coding).toBeDefined();
  });

  it.each(HERE)('as %s to blow up is given up at the length that it says', async (name) => {
    const codec = codecs[name]!;
    const bomb = await codec.deflate(Buffer.alloc(16 * 1024 * 1024), 6, 80_000);
    // Of zstd it is the window that would be larger than all there is to come.
    const code = name === 'zstd' ? 'ZSTD_error_frameParameter_windowTooLarge' : 'ERR_BUFFER_TOO_LARGE';
    for (const bytes of [1, 80_000]) await expect(codec.inflate(bomb, bytes)).rejects.toMatchObject({ code });
    expect(await unpack(coded(bomb, 80_000, name))).toBe('malformed');
    expect(await unpack(coded(bomb, 16 * 1024 * 1024, name))).toBe('coding');
  });

  it.runIf(codecs.zstd)('as zstd cannot ask for more memory than for what it comes to', async () => {
    // A window of 128 MiB, no length, and one block that says 50,000 bytes of the same.
    const greedy = Buffer.from('28b52ffd0088', 'hex');
    const block = Buffer.alloc(4, 'x');
    block.writeUIntLE((50_000 << 3) | 0b011, 0, 3);
    const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync(body: Buffer): Buffer };
    expect(zstdDecompressSync(Buffer.concat([greedy, block]))).toHaveLength(50_000);
    expect(await unpack(coded(Buffer.concat([greedy, block]), 50_000, 'zstd'))).toBe('malformed');
  });

  it.skipIf(codecs.zstd)('by zstd, which this Node has not, is no entry', async () => {
    expect(await unpack(coded(Buffer.from('28b52ffd', 'hex'), 100, 'zstd'))).toBe('coding');
  });
});

describe('compression that cannot be', () => {
  it.each([
    [{ algorithm: 'deflate' }, 'compression.algorithm'],
    [{ algorithm: 'constructor' }, 'compression.algorithm'],
    [{ algorithm: 'gzip', level: 0 }, '1 to 9'],
    [{ algorithm: 'gzip', level: 10 }, '1 to 9'],
    [{ algorithm: 'br', level: 12 }, '0 to 11'],
    [{ algorithm: 'br', level: 1.5 }, '0 to 11'],
    [{ level: 3 }, 'compression.level'],
    [{ threshold: 0 }, 'compression.threshold'],
    [{ threshold: '4096' }, 'compression.threshold'],
    [{ maxInflatedBytes: 2 ** 40 }, 'compression.maxInflatedBytes'],
    [{ maxInflatedBytes: Number.NaN }, 'compression.maxInflatedBytes'],
    [{ treshold: 1 }, 'treshold'],
    [true, 'compression'],
    [null, 'compression'],
  ])('is refused: %o', (options, about) => {
    const make = () => compressionOf(options as CompressionOptions);
    expect(make).toThrow(expect.objectContaining({ code: 'LARDER_INVALID_OPTIONS' }));
    expect(make).toThrow(about);
  });

  it.skipIf(codecs.zstd)('is zstd where this Node has none, and says which has', () => {
    expect(() => compressionOf({ algorithm: 'zstd' })).toThrow(/22\.15, 23\.8 .*LARDER_INVALID_OPTIONS/);
  });
});
