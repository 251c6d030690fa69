import { describe, expect, it, vi } from 'vitest';
import { invalidOptions, memoryStore, patternTag, type Sweep, systemClock } from '../../src/index.ts';
import { guardedStore } from '../../src/store/guarded.ts';
import { entryOf, failingStore, manualClock, recordingObserver } from '../../src/testing/index.ts';

const PATTERN = patternTag('t:', 'a*');

/** What is on it, under tags that the pattern matches and others. */
async function rig() {
  const clock = manualClock();
  const { observe, of } = recordingObserver();
  const far = failingStore(memoryStore({}, { namespace: 'test' }));
  const context = { namespace: 'test', tier: 'far', deadlineMs: 50, budgetMs: 60, clock, observe };
  const sweep = vi.fn((pattern: string, how?: Sweep) => far.sweep(pattern, how));
  const store = guardedStore(
    {
      ...far,
      get: (...asked) => far.get(...asked),
      sweep,
    },
    context,
  );
  const entries = ['t:a1', 't:b'].map((tag) => entryOf(systemClock, { key: tag, tags: ['n:', tag] }));
  const fill = async () => {
    const stored = entries.map(async (entry) => (await store.snapshot(entry.tags)).set(entry));
    return (await Promise.all(stored)).filter(Boolean).length;
  };
  const left = async (on = store as Pick<typeof store, 'get'>) => {
    const found = await Promise.all(entries.map(({ key, tags }) => on.get(key, tags)));
    return found.flatMap((entry) => entry?.key ?? []);
  };
  await fill();
  return { clock, of, far, store, sweep, fill, left };
}

describe('a sweep of a store that fails', () => {
  it('is pending, with nothing read or stored here that it is for, and begun anew until it is done', async () => {
    const { clock, of, far, store, sweep, fill, left } = await rig();
    far.failing = true;
    expect(await store.sweep(PATTERN)).toBe('pending');
    expect(of('pending').at(-1)).toMatchObject({ tags: 1 });
    sweep.mockImplementationOnce(() => new Promise(() => {}));
    far.failing = false;
    clock.advance(1000);
    await vi.waitFor(() => expect(sweep).toHaveBeenCalledTimes(2));
    expect(await left(far)).toEqual(['t:a1', 't:b']);
    expect(await left()).toEqual(['t:b']);
    expect(await fill()).toBe(1);
    expect(await left()).toEqual(['t:b']);
  });

  it('is done once the store can be reached, and what is made after that is kept', async () => {
    const { clock, of, far, store, fill, left } = await rig();
    far.failing = true;
    await store.sweep(PATTERN);
    clock.advance(1000);
    await vi.waitFor(() =>
      expect(of('store-call').filter(({ operation }) => operation === 'sweep')).toHaveLength(2),
    );
    far.failing = false;
    await vi.waitFor(async () => {
      clock.advance(1000);
      expect(of('pending').at(-1)).toMatchObject({ tags: 0 });
    });
    expect(await left(far)).toEqual(['t:b']);
    expect(await fill()).toBe(2);
    expect(await left()).toEqual(['t:a1', 't:b']);
  });

  it('is nobody’s any more once it was called off, though one that failed before is', async () => {
    const { far, store, left, sweep, clock } = await rig();
    const calledOff = async () => {
      sweep.mockImplementationOnce(async (_, how) => Promise.reject(how?.signal?.reason));
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(store.sweep(PATTERN, { signal })).rejects.toThrow('enough');
    };
    await calledOff();
    expect(await left()).toEqual(['t:a1', 't:b']);
    far.failing = true;
    await store.sweep(PATTERN);
    await calledOff();
    far.failing = false;
    expect(await left()).toEqual(['t:b']);
    clock.advance(1000);
    await vi.waitFor(async () => expect(await left(far)).toEqual(['t:b']));
  });

  it('is for good, whatever is swept softly meanwhile', async () => {
    const { clock, far, store, left, of } = await rig();
    far.failing = true;
    await store.sweep(PATTERN);
    far.failing = false;
    expect(await store.sweep(PATTERN, { softAt: 0 })).toBe('done');
    expect(await left()).toEqual(['t:b']);
    clock.advance(1000);
    await vi.waitFor(() => expect(of('pending').at(-1)).toMatchObject({ tags: 0 }));
    expect(await left(far)).toEqual(['t:b']);
  });

  it('is done once it was said again, and told so', async () => {
    const { far, store, of } = await rig();
    far.failing = true;
    await store.sweep(PATTERN);
    far.failing = false;
    expect(await store.sweep(PATTERN)).toBe('done');
    expect(of('pending').map(({ tags }) => tags)).toEqual([1, 0]);
  });

  it('leaves what is there where it is soft, until it is stale', async () => {
    const { store, sweep, far, left } = await rig();
    let goOn!: () => void;
    const paused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    sweep.mockImplementationOnce((pattern, how) => paused.then(() => far.sweep(pattern, how)));
    const sweeping = store.sweep(PATTERN, { softAt: 0 });
    expect(await left()).toEqual(['t:a1', 't:b']);
    goOn();
    expect(await sweeping).toBe('done');
    expect(await store.get('t:a1', [])).toMatchObject({ payload: { freshUntil: 0 } });
  });

  it('rejects with what it was called off for, however it ended', async () => {
    const { store, sweep } = await rig();
    const ending = new AbortController();
    sweep.mockImplementationOnce(async () => {
      ending.abort(new Error('enough'));
      throw new Error('the store cannot be reached');
    });
    await expect(store.sweep(PATTERN, { signal: ending.signal })).rejects.toThrow('enough');
  });

  it('is refused where it makes no sense, and not tried again', async () => {
    const { store, left, sweep, clock } = await rig();
    sweep.mockRejectedValueOnce(invalidOptions('names', 'digest', 'give text'));
    await expect(store.sweep(PATTERN)).rejects.toThrow('LARDER_INVALID_OPTIONS');
    clock.advance(5000);
    expect(await left()).toEqual(['t:a1', 't:b']);
    expect(sweep).toHaveBeenCalledTimes(1);
  });

  it('is done again where the store may have forgotten it', async () => {
    const { store, sweep, far, fill, left } = await rig();
    await store.sweep(PATTERN);
    await fill();
    expect(store.repeat()).toEqual([PATTERN]);
    await vi.waitFor(() => expect(sweep).toHaveBeenCalledTimes(2));
    expect(await left(far)).toEqual(['t:b']);
  });

  it('is a part of everything, where there is no end of them', async () => {
    const { clock, far, store, sweep, left } = await rig();
    far.failing = true;
    for (let i = 0; i <= 100; i += 1) await store.sweep(patternTag('t:', `c${i}*`));
    expect(await left()).toEqual([]);
    const before = sweep.mock.calls.length;
    far.failing = false;
    clock.advance(1000);
    await vi.waitFor(async () => expect(await left(far)).toEqual([]));
    expect(sweep).toHaveBeenCalledTimes(before);
  });

  it('overtakes a read that began before it', async () => {
    const { store, far, left } = await rig();
    const [held] = [await far.get('t:a1', [])];
    let answer!: () => void;
    const late = new Promise<void>((resolve) => {
      answer = resolve;
    });
    vi.spyOn(far, 'get').mockImplementationOnce(() => late.then(() => held));
    const reading = store.get('t:a1', ['n:', 't:a1']);
    await store.sweep(PATTERN);
    answer();
    expect(await reading).toBeUndefined();
    expect(await left()).toEqual(['t:b']);
  });
});
