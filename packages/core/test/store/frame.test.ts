import v8 from 'node:v8';
import zlib from 'node:zlib';
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
      costMs: 5,
      strict: false,
      route: '/a',
      body: Buffer.from('{"a":1}'),
    },
  },
  epochs: ['epoch-1', 'epoch-2'],
};
const decoded = (frame: Buffer): Framed => {
  const framed = decodeFrame(frame);
  if (typeof framed === 'string') throw new Error(framed);
  return framed;
};
const withBody = (body: Buffer): Framed => {
  const payload = { ...framed.entry.payload, body } as Entry['payload'];
  return { ...framed, entry: { ...framed.entry, payload } };
};

/** As somebody writes it who knows how. */
const sealed = (frame: Buffer): Buffer => {
  frame.writeUInt32BE(zlib.crc32(frame.subarray(6)), 2);
  return frame;
};

describe('a frame', () => {
  it('gives back what went in', () => {
    expect(decodeFrame(encodeFrame(framed))).toEqual(framed);
  });

  it('carries any bytes as they are, and takes no copy of them when read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const frame = encodeFrame(withBody(Buffer.from(bytes)));
        const { payload } = decoded(frame).entry;
        expect(payload.kind === 'response' && payload.body.equals(Buffer.from(bytes))).toBe(true);
        expect(payload.kind === 'response' && payload.body.buffer).toBe(frame.buffer);
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
      expect(decodeFrame(frame.subarray(0, length)), `cut at ${length}`).toBe('damaged');
    }
  });

  it('with any one bit flipped is no entry', () => {
    const frame = encodeFrame(framed);
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const flipped = Buffer.from(frame);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      // Its second byte is all that a frame says of its version.
      expect(decodeFrame(flipped), `bit ${bit}`).toBe(bit >> 3 === 1 ? 'version' : 'damaged');
    }
  });

  it('with something after it is no entry', () => {
    expect(decodeFrame(Buffer.concat([encodeFrame(framed), Buffer.from('x')]))).toBe('damaged');
  });

  it('cannot smuggle a second field line into a response', () => {
    for (const line of [
      ['X', 'a\r\nSet-Cookie: b'],
      ['X\r\nSet-Cookie: b', 'a'],
      ['X', 'a\0b'],
    ] as const) {
      const payload = { ...framed.entry.payload, lines: [line] } as Entry['payload'];
      expect(decodeFrame(encodeFrame({ ...framed, entry: { ...framed.entry, payload } }))).toBe('malformed');
    }
  });
});

describe('a frame with a coded body', () => {
  const coded: Framed = { ...withBody(Buffer.from('coded')), coding: { name: 'br', bytes: 6 } };

  it.each(['gzip', 'br', 'zstd'] as const)('gives it back as it is, and says that it is %s', (name) => {
    const one: Framed = { ...coded, coding: { name, bytes: 2 ** 32 - 1 } };
    expect(decodeFrame(encodeFrame(one))).toEqual(one);
  });

  it.each([0, 1, 5])('is none that would come to %i bytes, which are no more than there are', (bytes) => {
    expect(decodeFrame(encodeFrame({ ...coded, coding: { name: 'br', bytes } }))).toBe('malformed');
  });

  it('is none where a body is none, or no body is expected', () => {
    const variants: Entry = { ...framed.entry, payload: { kind: 'variants', names: ['a'], keys: ['b'] } };
    const coding = { name: 'gzip', bytes: 10 } as const;
    expect(decodeFrame(encodeFrame({ entry: variants, epochs: framed.epochs, coding }))).toBe('malformed');
    const plain = encodeFrame({ entry: variants, epochs: framed.epochs });
    expect(decodeFrame(sealed(Buffer.concat([plain, Buffer.from('body')])))).toBe('malformed');
  });

  it('of a coding that is not known here is no entry, and no alarm', () => {
    const frame = encodeFrame(coded);
    // Of `br`, the second one known; the only place where it can be followed by the length.
    const at = frame.indexOf(Buffer.from('0000000200000006', 'hex'));
    for (const unknown of [4, 255, 2 ** 32 - 1]) {
      frame.writeUInt32BE(unknown, at);
      expect(decodeFrame(sealed(frame))).toBe('coding');
    }
  });
});

describe('a frame of another version', () => {
  /** A value `1` under the key `k` and the tag `t:a`, of the epoch `e`, as version 3 has written it. */
  const VERSION_3 = [
    '4c 03 a8dfb496 00000041',
    '00000001 6b 427a3185c5000000',
    '00000001 00000003 743a61 00000001 65',
    '00000002 427a3185c5000000 427a3185c5000000 427a3185c5000000 3ff0000000000000',
    '31',
  ];
  const older = Buffer.from(VERSION_3.join('').replaceAll(' ', ''), 'hex');

  it('is no entry, and no alarm', () => {
    expect(decodeFrame(older)).toBe('version');
    const newer = encodeFrame(framed);
    newer[1]! += 1;
    expect(decodeFrame(newer)).toBe('version');
  });

  it('is no entry whatever it says', () => {
    for (let version = 0; version < 256; version += 1) {
      const frame = encodeFrame(framed);
      if (frame[1] === version) continue;
      frame[1] = version;
      expect(decodeFrame(frame)).toBe('version');
    }
  });

  it('would not be one of this version either, were it to say that it is', () => {
    const frame = Buffer.from(older);
    frame[1] = encodeFrame(framed)[1]!;
    expect(decodeFrame(frame)).toBe('malformed');
  });
});

describe('what somebody else has written', () => {
  const responding = (change: object): Framed => ({
    ...framed,
    entry: { ...framed.entry, payload: { ...framed.entry.payload, ...change } as Entry['payload'] },
  });

  it('sets nothing on any object, by whatever name', () => {
    const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'];
    const lines = names.map((name) => [name, 'polluted'] as const);
    const nominated = names.map((name) => [name, 'polluted'] as const);
    const planted = responding({ lines, nominated, __proto__: { polluted: true } });
    const { payload } = decoded(encodeFrame(planted)).entry;
    expect(payload).toMatchObject({ lines, nominated });
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    expect([({} as { polluted?: unknown }).polluted, Object.keys(Object.prototype)]).toEqual([undefined, []]);
  });

  it.each([
    ['a status below 200', { status: 199 }],
    ['a status above 599', { status: 600 }],
    ['a time that is none', { freshUntil: Number.NaN }],
    ['a time without end', { generatedAt: Number.POSITIVE_INFINITY }],
    ['a name with a colon', { lines: [['X: a', 'b']] }],
    ['a name with a space', { lines: [['X a', 'b']] }],
    ['no name', { lines: [['', 'b']] }],
    ['a value with CR', { lines: [['X', 'a\rb']] }],
    ['a value with LF in one of its lines', { lines: [['X', ['a', 'b\nc']]] }],
    ['a value beyond a byte', { lines: [['X', '\u0100']] }],
    ['a nominated field of no name', { nominated: [['', 'a']] }],
    ['a nominated field of two lines', { nominated: [['x\r\ny', 'a']] }],
  ])('with %s is no entry', (_, change) => {
    expect(decodeFrame(encodeFrame(responding(change)))).toBe('malformed');
  });

  it('is no entry with any four bytes of its head changed, or is one of the same shape', () => {
    const whole = encodeFrame(framed);
    const end = 10 + whole.readUInt32BE(6);
    for (let at = 10; at <= end - 4; at += 1) {
      for (const lie of [0xffff_ffff, 0x7fff_ffff, 0x8000_0000, 0]) {
        const frame = Buffer.from(whole);
        frame.writeUInt32BE(lie, at);
        const changed = decodeFrame(sealed(frame));
        if (typeof changed !== 'string') expect(encodeFrame(changed).length).toBeLessThan(whole.length * 4);
      }
    }
  });

  it('with something more in its head than it says is no entry', () => {
    const frame = encodeFrame(framed);
    // The first byte of its body.
    frame.writeUInt32BE(frame.readUInt32BE(6) + 1, 6);
    expect(decodeFrame(sealed(frame))).toBe('malformed');
  });

  it('with a head longer than the frame, or than any could be, is no entry', () => {
    for (const length of [encodeFrame(framed).length - 9, 2 ** 31, 2 ** 32 - 1]) {
      const frame = encodeFrame(framed);
      frame.writeUInt32BE(length, 6);
      expect(decodeFrame(sealed(frame))).toBe('malformed');
    }
  });

  it.each([
    ['V8', () => v8.serialize({ kind: 'response', body: Buffer.from('x') })],
    ['JSON', () => Buffer.from('{"__proto__":{"polluted":true},"kind":"response"}')],
    ['MessagePack', () => Buffer.from('81a95f5f70726f746f5f5f81a8706f6c6c75746564c3', 'hex')],
    ['gzip', () => zlib.gzipSync(encodeFrame(framed))],
  ])('as %s is no entry', (_, bytes) => {
    expect(decodeFrame(bytes())).toBe('damaged');
  });
});

describe('lengths that lie', () => {
  it('are found out before anything is allocated for them', () => {
    const lies = Buffer.alloc(64, 0xff);
    lies[0] = 0x4c;
    lies[1] = encodeFrame(framed)[1]!;
    lies.writeUInt32BE(40, 6);
    expect(decodeFrame(sealed(lies))).toBe('malformed');
  });
});
