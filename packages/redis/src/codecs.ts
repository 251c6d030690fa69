import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Framed } from '@larder/core';

export type CodingName = NonNullable<Framed['coding']>['name'];

/** How one coding is made and read, in Node's thread pool. */
export interface Codec {
  readonly levels: readonly [lowest: number, highest: number];
  readonly defaultLevel: number;
  /** Rejects where it would come to more than `most` bytes. */
  deflate(body: Buffer, level: number, most: number): Promise<Buffer>;
  /** Rejects where it is cut or foreign, or would come to more than `bytes`, which bounds the memory that it takes. */
  inflate(body: Buffer, bytes: number): Promise<Buffer>;
}

type Run = (bytes: Buffer, options: object, done: (error: Error | null, result: Buffer) => void) => void;

/** Node has them since 22.15 and 23.8; its types for older ones do not know them. */
const { zstdCompress, zstdDecompress } = zlib as Partial<Record<'zstdCompress' | 'zstdDecompress', Run>>;
const constants: Readonly<Record<string, number>> = { ...zlib.constants };

/** What this Node can make and read. */
export const codecs: Readonly<Record<CodingName, Codec | undefined>> = {
  gzip: {
    levels: [1, 9],
    defaultLevel: 3,
    deflate: (body, level, most) => run(zlib.gzip, body, most, { level }),
    inflate: (body, bytes) => run(zlib.gunzip, body, bytes),
  },
  br: {
    levels: [0, 11],
    defaultLevel: 4,
    deflate: (body, level, most) =>
      run(zlib.brotliCompress, body, most, {
        params: {
          [constants.BROTLI_PARAM_QUALITY!]: level,
          [constants.BROTLI_PARAM_SIZE_HINT!]: body.length,
        },
      }),
    inflate: (body, bytes) => run(zlib.brotliDecompress, body, bytes),
  },
  zstd:
    zstdCompress && zstdDecompress
      ? {
          levels: [1, 22],
          defaultLevel: 3,
          deflate: (body, level, most) =>
            run(zstdCompress, body, most, {
              params: { [constants.ZSTD_c_compressionLevel!]: level },
              pledgedSrcSize: body.length,
            }),
          inflate: (body, bytes) =>
            run(zstdDecompress, body, bytes, {
              // A frame may ask for a window of 128 MiB, whatever it holds.
              params: { [constants.ZSTD_d_windowLogMax!]: Math.max(10, Math.ceil(Math.log2(bytes))) },
            }),
        }
      : undefined,
};

const LEAST_CHUNK_BYTES = 64;
const MOST_CHUNK_BYTES = 1024 * 1024;

function run(how: Run, body: Buffer, most: number, options: object = {}): Promise<Buffer> {
  // Every chunk that is full costs another turn in the thread pool.
  const chunkSize = Math.min(Math.max(most + 1, LEAST_CHUNK_BYTES), MOST_CHUNK_BYTES);
  return promisify(how)(body, { ...options, chunkSize, maxOutputLength: most });
}
