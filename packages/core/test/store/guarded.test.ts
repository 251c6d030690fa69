import { describe, expect, it } from 'vitest';
import { memoryStore, systemClock } from '../../src/index.ts';
import { Budget, spending } from '../../src/store/budget.ts';
import { guardedStore } from '../../src/store/guarded.ts';
import {
  entryOf,
  failingStore,
  type ManualClock,
  manualClock,
  recordingObserver,
  storeContract,
  sweepContract,
} from '../../src/testing/index.ts';

const context = {
  namespace: 'test',
  tier: 'far',
  deadlineMs: 50,
  budgetMs: 60,
  clock: manualClock(),
  observe: () => {},
};

const guarded = (clock: ManualClock) => guardedStore(memoryStore({}, { namespace: 'test', clock }), context);
storeContract('a guarded store', guarded);
sweepContract('a guarded store', guarded);

function rig() {
  const { observe, of } = recordingObserver();
  const far = failingStore(memoryStore({}, { namespace: 'test' }));
  return { far, of, store: guardedStore(far, { ...context, observe }) };
}
const entry = entryOf(systemClock, { tags: ['n:', 't:a'] });
const fill = async (store: ReturnType<typeof rig>['store']) => (await store.snapshot(entry.tags)).set(entry);

describe('a store that fails', () => {
  it('misses, stores nothing, and tells the observer which call failed', async () => {
    const { far, of, store } = rig();
    far.failing = true;
    expect(await store.get('key', [])).toBeUndefined();
    expect(await fill(store)).toBe(false);
    expect(of('store-call').map(({ operation, error }) => [operation, error instanceof Error])).toEqual([
      ['get', true],
      ['snapshot', true],
    ]);
  });

  it('misses as well when it does not answer in time', async () => {
    const clock = manualClock();
    const { far } = rig();
    const silent = {
      ...far,
      get: () => new Promise<undefined>(() => {}),
      close: () => new Promise<void>(() => {}),
    };
    const store = guardedStore(silent, { ...context, clock });
    const reading = store.get('key', []);
    await Promise.resolve();
    clock.advance(50);
    expect(await reading).toBeUndefined();
    const closing = store.close();
    await Promise.resolve();
    clock.advance(50);
    await closing;
  });

  it('keeps an invalidation that it could not deliver, and delivers it before it reads again', async () => {
    const { far, store } = rig();
    await fill(store);
    far.failing = true;
    expect(await store.invalidate(['t:a'])).toBe('pending');
    expect(await store.get('key', entry.tags)).toBeUndefined();
    far.failing = false;
    expect(await store.get('key', entry.tags)).toBeUndefined();
    expect(await far.get('key', entry.tags)).toBeUndefined();
  });

  it('delivers what is pending along with the next invalidation', async () => {
    const { far, store } = rig();
    await fill(store);
    far.failing = true;
    await store.invalidate(['t:a']);
    far.failing = false;
    expect(await store.invalidate(['t:other'])).toBe('done');
    expect(await far.get('key', entry.tags)).toBeUndefined();
  });

  it('delivers what is pending before it stores, so that a fill which began before is refused', async () => {
    const { far, store } = rig();
    const snapshot = await store.snapshot(entry.tags);
    far.failing = true;
    expect(await store.invalidate(['t:a'])).toBe('pending');
    far.failing = false;
    expect(await snapshot.set(entry)).toBe(false);
  });

  it('sends a tag again that is invalidated while its delivery is under way', async () => {
    const sent: { readonly tags: string[]; readonly answer: () => void }[] = [];
    const { far } = rig();
    const invalidate = (tags: readonly string[]) =>
      new Promise<'done'>((resolve) => sent.push({ tags: [...tags], answer: () => resolve('done') }));
    const store = guardedStore({ ...far, invalidate }, context);
    const first = store.invalidate(['t:a']);
    await expect.poll(() => sent.length).toBe(1);
    const second = store.invalidate(['t:a']);
    sent[0]!.answer();
    await expect.poll(() => sent.length).toBe(2);
    sent[1]!.answer();
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
    expect(sent.map(({ tags }) => tags)).toEqual([['t:a'], ['t:a']]);
  });

  it('collapses an endless number of undelivered tags into everything', async () => {
    const { far, store } = rig();
    await fill(store);
    far.failing = true;
    for (let i = 0; i < 11; i += 1) {
      await store.invalidate(Array.from({ length: 1000 }, (_, n) => `t:${i}-${n}`));
    }
    far.failing = false;
    expect(await store.get('key', entry.tags)).toBeUndefined();
  });
});

describe('an invalidation that is undelivered', () => {
  it('is tried again every second though nobody reads, and counted until it is delivered', async () => {
    const clock = manualClock();
    const { observe, of } = recordingObserver();
    const far = failingStore(memoryStore({}, { namespace: 'test', clock }));
    const store = guardedStore(far, { ...context, clock, observe });
    far.failing = true;
    await store.invalidate(['t:a', 't:b']);
    const tries = () => of('store-call').length;
    const before = tries();
    clock.advance(1000);
    await expect.poll(tries).toBe(before + 1);
    far.failing = false;
    clock.advance(1000);
    await expect.poll(() => of('pending').map(({ tags }) => tags)).toEqual([2, 0]);
    clock.advance(60_000);
    expect(tries()).toBe(before + 2);
  });

  it('is not tried any more once the store is closed', async () => {
    const clock = manualClock();
    const { observe, of } = recordingObserver();
    const far = failingStore(memoryStore({}, { namespace: 'test', clock }));
    const store = guardedStore(far, { ...context, clock, observe });
    far.failing = true;
    await store.invalidate(['t:a']);
    await store.close();
    const tries = of('store-call').length;
    clock.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(of('store-call')).toHaveLength(tries);
  });
});

describe('a store that may have forgotten what it acknowledged', () => {
  const forgetful = () => {
    const clock = manualClock();
    const sent: string[][] = [];
    const far = memoryStore({}, { namespace: 'test', clock });
    const invalidate = async (tags: readonly string[]) => {
      sent.push([...tags]);
      return 'done' as const;
    };
    const bound = {
      get: far.get.bind(far),
      snapshot: far.snapshot.bind(far),
      soften: far.soften.bind(far),
      sweep: far.sweep.bind(far),
      close: far.close.bind(far),
    };
    return { clock, sent, store: guardedStore({ ...bound, invalidate }, { ...context, clock }) };
  };

  it('is told again of the last minute, and of nothing older', async () => {
    const { clock, sent, store } = forgetful();
    await store.invalidate(['t:old']);
    clock.advance(30_000);
    await store.invalidate(['t:a']);
    await store.invalidate(['t:b', 't:a']);
    clock.advance(30_000);
    store.repeat();
    await expect.poll(() => sent.slice(3)).toEqual([['t:b', 't:a']]);
  });

  it('is told of everything where there was too much to remember', async () => {
    const { sent, store } = forgetful();
    for (let i = 0; i < 11; i += 1)
      await store.invalidate(Array.from({ length: 1000 }, (_, n) => `t:${i}-${n}`));
    store.repeat();
    await expect.poll(() => sent.at(-1)).toEqual(['n:']);
  });

  it('is told nothing where nothing was invalidated', async () => {
    const { sent, store } = forgetful();
    store.repeat();
    await store.get('key', []);
    expect(sent).toEqual([]);
  });
});

describe('a store that gets through with a part of what it is told', () => {
  const partial = () => {
    const clock = manualClock();
    const { observe, of } = recordingObserver();
    const far = memoryStore({}, { namespace: 'test', clock });
    const sent: string[][] = [];
    const stuck = new Set(['t:stuck']);
    const invalidate: typeof far.invalidate = async (tags, acknowledged) => {
      sent.push([...tags]);
      const through = tags.filter((tag) => !stuck.has(tag));
      await far.invalidate(through);
      acknowledged?.(through);
      if (through.length < tags.length) throw new Error('one node is gone');
      return 'done';
    };
    const bound = {
      get: far.get.bind(far),
      snapshot: far.snapshot.bind(far),
      soften: far.soften.bind(far),
      sweep: far.sweep.bind(far),
      close: far.close.bind(far),
    };
    const store = guardedStore({ ...bound, invalidate }, { ...context, clock, observe });
    return { clock, far, sent, stuck, store, of };
  };

  it('is told again only of the rest, and read meanwhile but for that', async () => {
    const { store, sent, stuck, far } = partial();
    const other = { ...entry, key: 'other', tags: ['n:', 't:stuck'] };
    await fill(store);
    await (await store.snapshot(other.tags)).set(other);
    expect(await store.invalidate(['t:stuck', 't:b'])).toBe('pending');
    expect(await store.get(entry.key, entry.tags)).toBeDefined();
    expect(await store.get(other.key, other.tags)).toBeUndefined();
    expect(await (await store.snapshot(other.tags)).set(other)).toBe(false);
    expect(await (await store.snapshot(other.tags)).stands(other.tags)).toBe(false);
    stuck.clear();
    await store.get(entry.key, entry.tags);
    await expect.poll(() => sent.at(-1)).toEqual(['t:stuck']);
    expect(sent.slice(1).flat()).not.toContain('t:b');
    await expect.poll(() => far.get(other.key, other.tags)).toBeUndefined();
  });

  it('says done of what got through, whatever else does not', async () => {
    const { store } = partial();
    await store.invalidate(['t:stuck']);
    expect(await store.invalidate(['t:b'])).toBe('done');
  });
});

describe('an invalidation by a request that has no time left', () => {
  it('is sent all the same, and is pending as far as it knows', async () => {
    const { far } = rig();
    const clock = manualClock();
    const sent: (readonly string[])[] = [];
    const invalidate = async (tags: readonly string[]) => {
      sent.push(tags);
      return 'done' as const;
    };
    const store = guardedStore({ ...far, invalidate }, { ...context, clock });
    const budget = new Budget(clock, 1);
    await spending(budget, async () => {
      budget.wait(new Promise(() => {}), 50).catch(() => {});
      clock.advance(1);
      expect(await store.invalidate(['t:a'])).toBe('pending');
    });
    expect(sent).toEqual([['t:a']]);
  });
});

describe('a read that begins while an invalidation is undelivered, and ends when it is delivered', () => {
  it('gives nothing of what that was about', async () => {
    const { far, store } = rig();
    await fill(store);
    far.failing = true;
    expect(await store.invalidate(['t:a'])).toBe('pending');
    let answer = () => {};
    const { get } = far;
    far.get = async (key, tags) => {
      far.get = get;
      const found = await get(key, tags);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return found;
    };
    const invalidate = far.invalidate;
    far.invalidate = async () => 'pending';
    far.failing = false;
    const reading = store.get('key', entry.tags);
    await new Promise((resolve) => setImmediate(resolve));
    far.invalidate = invalidate;
    expect(await store.invalidate(['t:b'])).toBe('done');
    answer();
    expect(await reading).toBeUndefined();
  });
});
