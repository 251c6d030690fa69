import { type ByteRange, contentRange } from './range.ts';

/** Content of a 206 with several parts: texts to write, and bytes of the body between them. */
export interface Multipart {
  /** The response's own Content-Type; it has no Content-Range (RFC 9110 §15.3.7.2). */
  readonly contentType: string;
  /** Its Content-Length, with one byte for each character of a text: as latin1, like the fields they hold. */
  readonly length: number;
  readonly pieces: readonly (string | ByteRange)[];
}

/**
 * multipart/byteranges (RFC 9110 §14.6). `length` is that of the whole body and `contentType` the one that the
 * 200 has, if any. `boundary` is a token of at most 70 characters (RFC 2046 §5.1.1) that the caller makes so
 * that it is in no part: long and random, since nothing here sees the body.
 */
export function byteranges(
  parts: readonly ByteRange[],
  length: number,
  contentType: string | undefined,
  boundary: string,
): Multipart {
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
  const pieces: (string | ByteRange)[] = [];
  let size = 0;
  const write = (text: string): void => {
    pieces.push(text);
    size += text.length;
  };
  // The line break before a delimiter belongs to it and not to the part it ends (RFC 2046 §5.1.1).
  let delimiter = `--${boundary}\r\n`;
  for (const { first, last } of parts) {
    write(`${delimiter}${type}Content-Range: ${contentRange(first, last, length)}\r\n\r\n`);
    pieces.push({ first, last });
    size += last - first + 1;
    delimiter = `\r\n--${boundary}\r\n`;
  }
  write(`\r\n--${boundary}--\r\n`);
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length: size, pieces };
}
