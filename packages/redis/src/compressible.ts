import { fieldsOf, type Payload } from '@larder/core';

/** Media types that are compressed in themselves; images otherwise, but those that are text or bare pixels. */
const COMPRESSED =
  /^(?:image\/(?!svg|bmp|x-icon|vnd\.microsoft\.icon)|(?:video|audio)\/|(?:font\/|application\/(?:x-)?font-)woff|application\/(?:zip|gzip|x-gzip|zstd|x-7z-compressed|vnd\.rar|x-rar-compressed|x-bzip2?|x-xz|java-archive|vnd\.openxmlformats-officedocument\.|vnd\.oasis\.opendocument\.))|\+zip\b/i;

/** Whether a body may get smaller, as far as its head tells. */
export function isCompressible(payload: Exclude<Payload, { kind: 'variants' }>): boolean {
  if (payload.kind === 'value') return true;
  const fields = fieldsOf(payload.lines);
  return fields.get('content-encoding') === undefined && !COMPRESSED.test(fields.get('content-type') ?? '');
}
