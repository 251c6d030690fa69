import { describe, expect, it } from 'vitest';
import { type Entry, memoryStore } from '../../src/index.ts';
import { unfollowed } from '../../src/store/coherence.ts';
import { tieredStore } from '../../src/store/tiered.ts';
import {
  bodyOf,
  entryOf,
  type ManualClock,
  manualClock,
  storeContract,
  sweepContract,
} from '../../src/testing/index.ts';

const LAG_MS = 1000;
const memory = (clock: ManualClock) => memoryStore({}, { namespace: 'test', clock });

const twoTiers = (clock: ManualClock) => tieredStore(memory(clock), memory(clock), clock, unfollowed(LAG_MS));
storeContract('two tiers', twoTiers);
sweepContract('two tiers', twoTiers);

const value = (clock: ManualClock, body: string) => entryOf(clock, { body, retainMs: 600_000 });

describe('memory in front of a shared store', () => {
  it('answers alone within its lease, and asks the shared store after it', async () => {
    const clock = manualClock();
    const far = memory(clock);
    const store = tieredStore(memory(clock), far, clock, unfollowed(LAG_MS));
    await (await store.snapshot(['n:'])).set(value(clock, 'old'));
    await (await far.snapshot(['n:'])).set(value(clock, 'new'));
    clock.advance(LAG_MS - 1);
    expect(bodyOf(await store.get('key', ['n:']))).toBe('old');
    clock.advance(1);
    expect(bodyOf(await store.get('key', ['n:']))).toBe('new');
    await far.invalidate(['n:']);
    expect(bodyOf(await store.get('key', ['n:']))).toBe('new');
    clock.advance(LAG_MS);
    expect(await store.get('key', ['n:'])).toBeUndefined();
  });

  it('asks the shared store within its lease where that is to confirm it, and has its answer from then on', async () => {
    const clock = manualClock();
    const far = memory(clock);
    const store = tieredStore(memory(clock), far, clock, unfollowed(LAG_MS));
    await (await store.snapshot(['n:'])).set(value(clock, 'old'));
    await (await far.snapshot(['n:'])).set(value(clock, 'new'));
    expect(bodyOf(await store.get('key', ['n:']))).toBe('old');
    expect(bodyOf(await store.get('key', ['n:'], { trust: 'none' }))).toBe('new');
    expect(bodyOf(await store.get('key', ['n:']))).toBe('new');
  });

  it('has what the shared store does not confirm for nobody who asks it to', async () => {
    const clock = manualClock();
    const far = memory(clock);
    const store = tieredStore(memory(clock), far, clock, unfollowed(LAG_MS));
    await (await store.snapshot(['n:'])).set(value(clock, 'old'));
    await far.invalidate(['n:']);
    expect(await store.get('key', ['n:'], { trust: 'none' })).toBeUndefined();
  });

  it('counts the lease of a fill from its snapshot, however long the fill took', async () => {
    const clock = manualClock();
    const far = memory(clock);
    const store = tieredStore(memory(clock), far, clock, unfollowed(LAG_MS));
    const snapshot = await store.snapshot(['n:']);
    clock.advance(LAG_MS);
    await snapshot.set(value(clock, 'slow'));
    await far.invalidate(['n:']);
    expect(await store.get('key', ['n:'])).toBeUndefined();
  });

  it('keeps out of memory what was invalidated while the shared store was asked', async () => {
    const clock = manualClock();
    const far = memory(clock);
    await (await far.snapshot(['n:'])).set(value(clock, 'old'));
    const near = memory(clock);
    const slowFar = { ...bound(far), get: gate((key: string) => far.get(key, ['n:'])) };
    const store = tieredStore(near, slowFar, clock, unfollowed(LAG_MS));
    const reading = store.get('key', ['n:']);
    const entry = await slowFar.get.reached;
    await near.invalidate(['n:']);
    slowFar.get.open();
    expect(bodyOf(await reading)).toBe(bodyOf(entry));
    expect(await near.get('key', ['n:'])).toBeUndefined();
  });

  it.each([0, LAG_MS])(
    'gives who comes a lag of %d ms later no answer that was asked for before',
    async (lagMs) => {
      const clock = manualClock();
      const far = memory(clock);
      await (await far.snapshot(['n:'])).set(value(clock, 'old'));
      const slowFar = { ...bound(far), get: gate((key: string) => far.get(key, ['n:'])) };
      const store = tieredStore(memory(clock), slowFar, clock, unfollowed(lagMs));
      const first = store.get('key', ['n:']);
      await slowFar.get.reached;
      await far.invalidate(['n:']);
      clock.advance(lagMs);
      const later = store.get('key', ['n:']);
      slowFar.get.open();
      expect([bodyOf(await first), await later]).toEqual(['old', undefined]);
    },
  );

  it('gives nobody who comes after a soft invalidation as fresh what was asked for before its end', async () => {
    const clock = manualClock();
    const far = memory(clock);
    await (await far.snapshot(['n:'])).set(value(clock, 'old'));
    let open!: () => void;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const get = gate((key: string) => far.get(key, ['n:']));
    const slowFar = {
      ...bound(far),
      get,
      soften: (tags: readonly string[], at: number) => opened.then(() => far.soften(tags, at)),
    };
    const store = tieredStore(memory(clock), slowFar, clock, unfollowed(LAG_MS));
    const at = clock.now();
    const softening = store.soften(['n:'], at);
    const before = store.get('key', ['n:']);
    await get.reached;
    open();
    await softening;
    const after = store.get('key', ['n:']);
    get.open();
    await before;
    const found = await after;
    expect(found?.payload.kind === 'value' && found.payload.freshUntil).toBe(at);
  });
});

const bound = (store: ReturnType<typeof memory>) => ({
  snapshot: store.snapshot.bind(store),
  invalidate: store.invalidate.bind(store),
  soften: store.soften.bind(store),
  sweep: store.sweep.bind(store),
  close: store.close.bind(store),
});

/** A call that has its answer and holds it back until it is opened. */
function gate(read: (key: string) => Promise<Entry | undefined>) {
  let open!: () => void;
  let reach!: (entry: Entry | undefined) => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<Entry | undefined>((resolve) => {
    reach = resolve;
  });
  const call = async (key: string) => {
    const entry = await read(key);
    reach(entry);
    await opened;
    return entry;
  };
  return Object.assign(call, { open, reached });
}
