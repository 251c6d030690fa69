/** As much of DER (X.690) as a certificate is made of. */

/** One element, its tag and its length before it. */
export function whole(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

export const bool = (value: boolean): Buffer => whole(0x01, Buffer.from([value ? 0xff : 0]));
/** Not negative: its first bit is 0. */
export const integer = (bytes: Buffer): Buffer => whole(0x02, bytes);
export const bits = (bytes: Buffer): Buffer => whole(0x03, Buffer.from([0]), bytes);
export const octets = (bytes: Buffer): Buffer => whole(0x04, bytes);
export const text = (value: string): Buffer => whole(0x0c, Buffer.from(value));
export const list = (...parts: readonly Buffer[]): Buffer => whole(0x30, ...parts);
export const set = (...parts: readonly Buffer[]): Buffer => whole(0x31, ...parts);
export const explicit = (number: number, content: Buffer): Buffer => whole(0xa0 + number, content);

/** `991231235959Z`, until 2049. */
export const time = (ms: number): Buffer =>
  whole(0x17, Buffer.from(new Date(ms).toISOString().replace(/^..|[-T:]|\.\d+/g, '')));

/** Seven bits a byte, the first two numbers as one. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return whole(0x06, Buffer.from([first! * 40 + second!, ...rest.flatMap(inSevens)]));
}

function inSevens(value: number): number[] {
  const sevens = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) sevens.unshift((left & 0x7f) | 0x80);
  return sevens;
}
