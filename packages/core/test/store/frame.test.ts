import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, type Entry, encodeFrame, type Framed } from '../../src/index.ts';

const framed: Framed = {
  entry: {
    key: 'r7:default4:http9:localhost',
    tags: ['n:', 't:a'],
    retainUntil: 1_800_000_000_000,
    payload: {
      kind: 'response',
      status: 200,
      lines: [
        ['Content-Type', 'application/json'],
        ['Link', ['</a>', '</b>']],
      ],
      ownField: 'max-age=60',
      etag: '"tag"',
      lastModified: undefined,
      nominated: [['accept', null]],
      ownEtag: true,
      ownControl: false,
      forEverybody: true,
      generatedAt: 1,
      freshUntil: 2,
      staleWhileRevalidateUntil: 3,
      staleIfErrorUntil: 4,
      strict: false,
      route: '/a',
      body: Buffer.from('{"a":1}'),
    },
  },
  epochs: ['epoch-1', 'epoch-2'],
};
const withBody = (body: Buffer): Framed => {
  const payload = { ...framed.entry.payload, body } as Entry['payload'];
  return { ...framed, entry: { ...framed.entry, payload } };
};

describe('a frame', () => {
  it('gives back what went in', () => {
    expect(decodeFrame(encodeFrame(framed))).toEqual(framed);
  });

  it('carries any bytes as they are, and takes no copy of them when read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const frame = encodeFrame(withBody(Buffer.from(bytes)));
        const payload = decodeFrame(frame)?.entry.payload;
        expect(payload?.kind === 'response' && payload.body.equals(Buffer.from(bytes))).toBe(true);
        expect(payload?.kind === 'response' && payload.body.buffer).toBe(frame.buffer);
      }),
    );
  });

  it.each(['strict', 'ownEtag', 'ownControl', 'forEverybody'] as const)(
    'tells %s from everything else',
    (flag) => {
      for (const value of [true, false]) {
        const payload = { ...framed.entry.payload, [flag]: value } as Entry['payload'];
        const one: Framed = { ...framed, entry: { ...framed.entry, payload } };
        expect(decodeFrame(encodeFrame(one))).toEqual(one);
      }
    },
  );

  it('carries any text in key, tags and names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string({ unit: 'grapheme' })), (key, tags) => {
        const entry: Entry = {
          key,
          tags,
          retainUntil: 1,
          payload: { kind: 'variants', names: tags, keys: [key] },
        };
        expect(decodeFrame(encodeFrame({ entry, epochs: tags }))).toEqual({ entry, epochs: tags });
      }),
    );
  });

  it('cut at any length is no entry', () => {
    const frame = encodeFrame(framed);
    for (let length = 0; length < frame.length; length += 1) {
      expect(decodeFrame(frame.subarray(0, length)), `cut at ${length}`).toBeUndefined();
    }
  });

  it('with any one bit flipped is no entry', () => {
    const frame = encodeFrame(framed);
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const flipped = Buffer.from(frame);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeFrame(flipped), `bit ${bit}`).toBeUndefined();
    }
  });

  it('with something after it is no entry', () => {
    expect(decodeFrame(Buffer.concat([encodeFrame(framed), Buffer.from('x')]))).toBeUndefined();
  });

  it('of another version is no entry', () => {
    const older = encodeFrame(framed);
    older[1] = 1;
    const newer = encodeFrame(framed);
    newer[1] = 3;
    expect([decodeFrame(older), decodeFrame(newer)]).toEqual([undefined, undefined]);
  });

  it('of random bytes is no entry, and never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeFrame(Buffer.from(bytes))).toBeUndefined();
      }),
      { numRuns: 5000 },
    );
  });

  it('cannot smuggle a second field line into a response', () => {
    for (const line of [
      ['X', 'a\r\nSet-Cookie: b'],
      ['X\r\nSet-Cookie: b', 'a'],
      ['X', 'a\0b'],
    ] as const) {
      const payload = { ...framed.entry.payload, lines: [line] } as Entry['payload'];
      expect(decodeFrame(encodeFrame({ ...framed, entry: { ...framed.entry, payload } }))).toBeUndefined();
    }
  });
});

describe('lengths that lie', () => {
  it('are found out before anything is allocated for them', async () => {
    const { crc32 } = await import('node:zlib');
    const lies = Buffer.alloc(64, 0xff);
    lies[0] = 0x4c;
    lies[1] = encodeFrame(framed)[1]!;
    lies.writeUInt32BE(40, 6);
    lies.writeUInt32BE(crc32(lies.subarray(6)), 2);
    expect(decodeFrame(lies)).toBeUndefined();
  });
});
