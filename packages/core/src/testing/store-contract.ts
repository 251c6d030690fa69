import { afterEach, describe, expect, it } from 'vitest';
import type { Store } from '../store/store.ts';
import { type ManualClock, manualClock } from './clock.ts';
import { bodyOf, entryOf, payloads } from './entries.ts';

/** Opens a store that is empty; called again with the same `place`, a second handle on the same entries. */
export type OpenStore = (clock: ManualClock, place: string) => Promise<Store> | Store;

let places = 0;

/** What every `Store` must do, as tests for vitest. */
export function storeContract(name: string, open: OpenStore): void {
  const opened: Store[] = [];
  const fresh = async (clock = manualClock(Date.now())) => {
    places += 1;
    const store = await open(clock, `place-${places}`);
    opened.push(store);
    return { store, clock };
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  describe(`${name} keeps the store contract`, () => {
    it('has nothing at first', async () => {
      const { store } = await fresh();
      expect(await store.get('key', [])).toBeUndefined();
    });

    it.each(payloads())('gives back a stored $kind as it was', async (payload) => {
      const { store, clock } = await fresh();
      const entry = { ...entryOf(clock), payload };
      expect(await (await store.snapshot(entry.tags)).set(entry)).toBe(true);
      expect(await store.get(entry.key, entry.tags)).toMatchObject(entry);
    });

    it('finds tags on an entry that the reader did not expect', async () => {
      const { store, clock } = await fresh();
      const entry = entryOf(clock, { tags: ['n:', 't:a', 't:b'] });
      await (await store.snapshot(entry.tags)).set(entry);
      expect(await store.get(entry.key, ['n:'])).toMatchObject({ key: entry.key });
      await store.invalidate(['t:b']);
      expect(await store.get(entry.key, ['n:'])).toBeUndefined();
    });

    it('replaces an entry under the same key', async () => {
      const { store, clock } = await fresh();
      const snapshot = await store.snapshot(['n:']);
      await snapshot.set(entryOf(clock, { body: 'first' }));
      await snapshot.set(entryOf(clock, { body: 'second' }));
      expect(bodyOf(await store.get('key', ['n:']))).toBe('second');
    });

    it('has no entry past its retention', async () => {
      const { store, clock } = await fresh();
      await (await store.snapshot(['n:'])).set(entryOf(clock, { retainMs: 60_000 }));
      clock.advance(59_999);
      expect(await store.get('key', ['n:'])).toBeDefined();
      clock.advance(1);
      expect(await store.get('key', ['n:'])).toBeUndefined();
    });

    it('drops every entry that carries an invalidated tag, and no other', async () => {
      const { store, clock } = await fresh();
      for (const [key, tags] of [
        ['one', ['n:', 't:a']],
        ['two', ['n:', 't:a', 't:b']],
        ['three', ['n:', 't:b']],
      ] as const) {
        await (await store.snapshot(tags)).set(entryOf(clock, { key, tags: [...tags] }));
      }
      expect(await store.invalidate(['t:a'])).toBe('done');
      expect(await store.get('one', ['n:', 't:a'])).toBeUndefined();
      expect(await store.get('two', ['n:'])).toBeUndefined();
      expect(await store.get('three', ['n:', 't:b'])).toBeDefined();
    });

    it('takes a new entry after an invalidation', async () => {
      const { store, clock } = await fresh();
      await (await store.snapshot(['n:'])).set(entryOf(clock, { body: 'old' }));
      await store.invalidate(['n:']);
      expect(await (await store.snapshot(['n:'])).set(entryOf(clock, { body: 'new' }))).toBe(true);
      expect(bodyOf(await store.get('key', ['n:']))).toBe('new');
    });

    it('never returns an entry whose tag was invalidated between snapshot and store', async () => {
      const { store, clock } = await fresh();
      const snapshot = await store.snapshot(['n:', 't:a']);
      await store.invalidate(['t:a']);
      await snapshot.set(entryOf(clock, { tags: ['n:', 't:a'] }));
      expect(await store.get('key', ['n:', 't:a'])).toBeUndefined();
    });

    it('never returns an entry whose late tag was invalidated since the snapshot', async () => {
      const { store, clock } = await fresh();
      const snapshot = await store.snapshot(['n:']);
      await store.invalidate(['t:late']);
      await snapshot.set(entryOf(clock, { tags: ['n:', 't:late'] }));
      expect(await store.get('key', ['n:', 't:late'])).toBeUndefined();
    });

    it('keeps an entry with a late tag that nobody invalidated, until somebody does', async () => {
      const { store, clock } = await fresh();
      const snapshot = await store.snapshot(['n:']);
      expect(await snapshot.set(entryOf(clock, { tags: ['n:', 't:late'] }))).toBe(true);
      expect(await store.get('key', ['n:'])).toBeDefined();
      await store.invalidate(['t:late']);
      expect(await store.get('key', ['n:'])).toBeUndefined();
    });

    it('says whether a tag of a snapshot, or another, was invalidated since', async () => {
      const { store } = await fresh();
      const snapshot = await store.snapshot(['n:', 't:a']);
      await store.invalidate(['t:b']);
      expect(await snapshot.stands(['n:', 't:a'])).toBe(true);
      expect(await snapshot.stands(['n:', 't:c'])).toBe(true);
      expect(await snapshot.stands(['t:b'])).toBe(false);
      await store.invalidate(['t:a']);
      expect(await snapshot.stands(['n:', 't:a'])).toBe(false);
      expect(await snapshot.stands(['n:'])).toBe(true);
    });

    it('finds what was softly invalidated stale from then on, its windows counted from there, until it is stored anew', async () => {
      const { store, clock } = await fresh();
      const entry = entryOf(clock, { tags: ['n:', 't:a'] });
      await (await store.snapshot(entry.tags)).set(entry);
      const at = clock.now() + 1000;
      expect(await store.soften(['t:a'], at)).toBe('done');
      const payload = { freshUntil: at, staleWhileRevalidateUntil: at, staleIfErrorUntil: at };
      for (const tags of [entry.tags, ['n:']])
        expect(await store.get('key', tags)).toMatchObject({ retainUntil: entry.retainUntil, payload });
      await (await store.snapshot(entry.tags)).set(entry);
      expect(await store.get('key', entry.tags)).toMatchObject(entry);
    });

    it('finds what was being made when it was softly invalidated stale, where it finds it', async () => {
      const { store, clock } = await fresh();
      const snapshot = await store.snapshot(['n:', 't:a']);
      const at = clock.now();
      await store.soften(['t:a', 't:late'], at);
      await snapshot.set(entryOf(clock, { tags: ['n:', 't:a'] }));
      expect(await store.get('key', ['n:', 't:a'])).toMatchObject({ payload: { freshUntil: at } });
      await snapshot.set(entryOf(clock, { key: 'late', tags: ['n:', 't:late'] }));
      const late = await store.get('late', ['n:']);
      expect([at, undefined]).toContain(late?.payload.kind === 'value' ? late.payload.freshUntil : undefined);
    });

    it('has nothing of what was invalidated after it was softly so, nor the other way round', async () => {
      const { store, clock } = await fresh();
      const entry = entryOf(clock, { tags: ['n:', 't:a'] });
      for (const order of [
        ['soft', 'hard'],
        ['hard', 'soft'],
      ]) {
        await (await store.snapshot(entry.tags)).set(entry);
        for (const how of order)
          await (how === 'soft' ? store.soften(['t:a'], clock.now()) : store.invalidate(['t:a']));
        expect(await store.get('key', entry.tags)).toBeUndefined();
      }
    });

    it('gives back a copy that the reader knows, for as long as it stands', async () => {
      const { store, clock } = await fresh();
      const entry = entryOf(clock, { tags: ['n:', 't:a'] });
      await (await store.snapshot(entry.tags)).set(entry);
      const known = await store.get('key', entry.tags);
      expect(await store.get('key', entry.tags, { known })).toEqual(known);
      await store.invalidate(['t:a']);
      expect(await store.get('key', entry.tags, { known })).toBeUndefined();
    });

    it('keeps apart keys that differ in case, in white space and in unusual characters', async () => {
      const { store, clock } = await fresh();
      const keys = ['key', 'KEY', 'key ', 'k\0ey', 'kéy', '{key}', 'key*'];
      const snapshot = await store.snapshot(['n:']);
      for (const key of keys) await snapshot.set(entryOf(clock, { key, body: key }));
      for (const key of keys) expect(bodyOf(await store.get(key, ['n:']))).toBe(key);
    });

    it('closes twice without complaint', async () => {
      const { store } = await fresh();
      await store.close();
      await store.close();
    });
  });
}

/** What a store that several processes share must do besides: `open` gives two handles on one place. */
export function sharedStoreContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the store contract between processes`, () => {
    const two = async () => {
      const clock = manualClock(Date.now());
      places += 1;
      const place = `place-${places}`;
      return { clock, mine: await open(clock, place), theirs: await open(clock, place) };
    };

    it('shows one process what another stored', async () => {
      const { clock, mine, theirs } = await two();
      await (await mine.snapshot(['n:'])).set(entryOf(clock, { body: 'shared' }));
      expect(bodyOf(await theirs.get('key', ['n:']))).toBe('shared');
      await Promise.all([mine.close(), theirs.close()]);
    });

    it('refuses a fill that began before another process invalidated', async () => {
      const { clock, mine, theirs } = await two();
      const snapshot = await mine.snapshot(['n:', 't:a']);
      await theirs.invalidate(['t:a']);
      await snapshot.set(entryOf(clock, { tags: ['n:', 't:a'] }));
      expect(await theirs.get('key', ['n:', 't:a'])).toBeUndefined();
      await Promise.all([mine.close(), theirs.close()]);
    });

    it('refuses a late tag that another process invalidated during the fill', async () => {
      const { clock, mine, theirs } = await two();
      const snapshot = await mine.snapshot(['n:']);
      await theirs.invalidate(['t:late']);
      await snapshot.set(entryOf(clock, { tags: ['n:', 't:late'] }));
      expect(await theirs.get('key', ['n:'])).toBeUndefined();
      await Promise.all([mine.close(), theirs.close()]);
    });
  });
}
