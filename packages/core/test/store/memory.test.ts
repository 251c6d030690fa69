import { describe, expect, it } from 'vitest';
import { type Entry, LarderError, memoryStore, patternTag } from '../../src/index.ts';
import {
  type ManualClock,
  manualClock,
  recordingObserver,
  storeContract,
  sweepContract,
} from '../../src/testing/index.ts';

const open = (clock: ManualClock) => memoryStore({}, { namespace: 'test', clock });
storeContract('memory', open);
sweepContract('memory', open);

const clock = manualClock();
const entry = (key: string, bodyBytes: number): Entry => ({
  key,
  tags: ['n:'],
  retainUntil: clock.now() + 60_000,
  payload: {
    kind: 'value',
    freshUntil: clock.now() + 60_000,
    staleWhileRevalidateUntil: clock.now() + 60_000,
    staleIfErrorUntil: clock.now() + 60_000,
    costMs: 3,
    body: Buffer.allocUnsafeSlow(bodyBytes),
  },
});

describe('memory is bounded', () => {
  it('by bytes: the least recently used goes first', async () => {
    const { observe, of } = recordingObserver();
    const store = memoryStore({ maxBytes: 25_000 }, { namespace: 'test', clock, observe });
    const snapshot = await store.snapshot(['n:']);
    await snapshot.set(entry('a', 10_000));
    await snapshot.set(entry('b', 10_000));
    await store.get('a', []);
    await snapshot.set(entry('c', 10_000));
    expect(await store.get('b', [])).toBeUndefined();
    expect(await store.get('a', [])).toBeDefined();
    expect(of('remove')).toMatchObject([{ cause: 'evict', tier: 'memory' }]);
  });

  it('by number', async () => {
    const store = memoryStore({ maxEntries: 2 }, { namespace: 'test', clock });
    const snapshot = await store.snapshot(['n:']);
    for (const key of ['a', 'b', 'c']) await snapshot.set(entry(key, 1));
    expect(await store.get('a', [])).toBeUndefined();
    expect(await store.get('c', [])).toBeDefined();
  });

  it('and refuses an entry larger than all of it', async () => {
    const store = memoryStore({ maxBytes: 1000 }, { namespace: 'test', clock });
    expect(await (await store.snapshot(['n:'])).set(entry('a', 1001))).toBe(false);
  });

  it('and what it counts is what the observer is told, to the byte, in and out', async () => {
    const { observe, of } = recordingObserver();
    const store = memoryStore({}, { namespace: 'test', clock, observe });
    const snapshot = await store.snapshot(['n:']);
    await snapshot.set(entry('a', 5000));
    await snapshot.set(entry('a', 7000));
    await store.close();
    const stored = of('store').reduce((sum, { bytes }) => sum + bytes, 0);
    const removed = of('remove').reduce((sum, { bytes }) => sum + bytes, 0);
    expect(stored).toBeGreaterThan(12_000);
    expect(removed).toBe(stored);
    expect(of('remove').map(({ cause }) => cause)).toEqual(['replace', 'close']);
  });

  it('and does not keep a large buffer alive for a small body that is a view of it', async () => {
    const store = memoryStore({}, { namespace: 'test', clock });
    const large = Buffer.alloc(1_000_000, 7);
    const payload = {
      kind: 'value',
      freshUntil: clock.now() + 1,
      staleWhileRevalidateUntil: clock.now() + 1,
      staleIfErrorUntil: clock.now() + 1,
      costMs: 3,
      body: large.subarray(10, 20),
    } as const;
    await (await store.snapshot(['n:'])).set({ ...entry('a', 0), payload });
    const kept = await store.get('a', []);
    expect(kept?.payload.kind === 'value' && kept.payload.body.buffer.byteLength).toBe(10);
  });
});

describe('memory refuses bounds that bound nothing', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('maxBytes %s', (maxBytes) => {
    expect(() => memoryStore({ maxBytes }, { namespace: 'test' })).toThrow(LarderError);
  });
});

describe('memory that is swept again and again', () => {
  it('takes nothing that was begun before more patterns than it remembers', async () => {
    const store = open(clock);
    const begun = await store.snapshot(['n:']);
    await store.sweep(patternTag('k:', 'product:*'));
    for (let i = 0; i < 1000; i += 1) await store.sweep(patternTag('k:', `${i}`));
    const late = { ...entry('a', 1), tags: ['n:', 'k:product:1'] };
    expect(await begun.set(late)).toBe(false);
    expect(await (await store.snapshot(['n:'])).set(late)).toBe(true);
    await store.sweep(patternTag('k:', '*1000'));
    expect(await store.get('a', [])).toBeDefined();
  });
});
