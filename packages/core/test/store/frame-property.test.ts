import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, type Framed, isReplayed } from '../../src/index.ts';

const text = fc.string({ unit: 'grapheme' });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const name = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,20}$/);
const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/);
/** One value of several is that value. */
const values = fc.array(value, { maxLength: 4 }).map((all) => (all.length === 1 ? all[0]! : all));
const orNothing = fc.option(text, { nil: undefined });

const numbers = {
  freshUntil: number,
  staleWhileRevalidateUntil: number,
  staleIfErrorUntil: number,
  costMs: number,
};
const payload = fc.oneof(
  fc.record({ kind: fc.constant('variants' as const), names: fc.array(text), keys: fc.array(text) }),
  fc.record({ kind: fc.constant('value' as const), ...numbers, body }),
  fc.record({
    kind: fc.constant('response' as const),
    ...numbers,
    generatedAt: number,
    status: fc.integer({ min: 200, max: 599 }),
    strict: fc.boolean(),
    ownEtag: fc.boolean(),
    ownControl: fc.boolean(),
    forEverybody: fc.boolean(),
    route: text,
    ownField: orNothing,
    etag: orNothing,
    lastModified: orNothing,
    nominated: fc.array(fc.tuple(name, fc.option(text))),
    lines: fc.array(fc.tuple(name.filter(isReplayed), values)),
    body,
  }),
);

const framed: fc.Arbitrary<Framed> = fc
  .record({
    key: text,
    retainUntil: number,
    tagged: fc.array(fc.tuple(text, text)),
    payload,
    coding: fc.option(
      fc.record({
        name: fc.constantFrom('gzip' as const, 'br' as const, 'zstd' as const),
        bytes: fc.integer({ min: 201, max: 2 ** 32 - 1 }),
      }),
      { nil: undefined },
    ),
  })
  .map(({ tagged, coding, ...entry }) => ({
    entry: { ...entry, tags: tagged.map(([tag]) => tag) },
    epochs: tagged.map(([, epoch]) => epoch),
    ...(coding && 'body' in entry.payload && entry.payload.body.length > 0 ? { coding } : {}),
  }));

const sealed = (head: Uint8Array, after: Uint8Array): Buffer => {
  const frame = Buffer.concat([Buffer.alloc(10), head, after]);
  frame.set(encodeFrame(SMALLEST).subarray(0, 2));
  frame.writeUInt32BE(head.length, 6);
  frame.writeUInt32BE(zlib.crc32(frame.subarray(6)), 2);
  return frame;
};
const SMALLEST: Framed = {
  entry: { key: '', tags: [], retainUntil: 0, payload: { kind: 'variants', names: [], keys: [] } },
  epochs: [],
};

describe('any entry', () => {
  it('comes back from its frame as it was', () => {
    fc.assert(
      fc.property(framed, (one) => {
        expect(decodeFrame(encodeFrame(one))).toEqual(one);
      }),
      { numRuns: 2000 },
    );
  });

  it('is none with any of its bytes changed', () => {
    fc.assert(
      fc.property(framed, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, change) => {
        const frame = encodeFrame(one);
        frame[at % frame.length]! ^= change;
        expect(['damaged', 'version']).toContain(decodeFrame(frame));
      }),
      { numRuns: 2000 },
    );
  });

  it('is none when it is cut, wherever that is', () => {
    fc.assert(
      fc.property(framed, fc.nat(), (one, at) => {
        const frame = encodeFrame(one);
        expect(decodeFrame(frame.subarray(0, at % frame.length))).toBe('damaged');
      }),
      { numRuns: 2000 },
    );
  });
});

/** An exception fails the property: nothing else is asked of what is no entry. */
const isNone = (frame: Buffer): boolean => typeof decodeFrame(frame) === 'string';

describe('F18: a hundred thousand blobs', () => {
  it('F18: are no entries', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => isNone(Buffer.from(bytes))),
      { numRuns: 60_000 },
    );
  });

  it('F18: are no entries under a seal that is right', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 20 }), (head, after) =>
        isNone(sealed(head, after)),
      ),
      { numRuns: 36_000 },
    );
  });

  it('F18: are no entries, or whole ones, made of a head with a part of it changed', () => {
    fc.assert(
      fc.property(framed, fc.nat(), fc.uint8Array({ maxLength: 8 }), (one, at, lie) => {
        const frame = encodeFrame(one);
        const bodyAt = 10 + frame.readUInt32BE(6);
        const head = frame.subarray(10, bodyAt);
        head.set(lie.subarray(0, head.length), at % Math.max(1, head.length - lie.length));
        const found = decodeFrame(sealed(head, frame.subarray(bodyAt)));
        if (typeof found !== 'string') expect(decodeFrame(encodeFrame(found))).toEqual(found);
      }),
      { numRuns: 4_000 },
    );
  });
});
