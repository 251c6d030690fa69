import { afterEach, describe, expect, it } from 'vitest';
import { patternTag } from '../pattern.ts';
import type { Store, SweepProgress } from '../store/store.ts';
import { type ManualClock, manualClock } from './clock.ts';
import { entryOf } from './entries.ts';
import type { OpenStore } from './store-contract.ts';

let places = 0;

/** What every `Store` must do that can tell its tags, as tests for vitest. */
export function sweepContract(name: string, open: OpenStore): void {
  const opened: Store[] = [];
  const fresh = async (clock: ManualClock = manualClock(Date.now())) => {
    places += 1;
    const store = await open(clock, `sweep-${places}`);
    opened.push(store);
    const keep = async (tag: string) => {
      const tags = ['n:', tag];
      await (await store.snapshot(tags)).set(entryOf(clock, { key: tag, tags }));
    };
    const left = async (...tags: string[]) => {
      const found = await Promise.all(tags.map((tag) => store.get(tag, ['n:', tag])));
      return tags.filter((_, i) => found[i] !== undefined);
    };
    return { store, clock, keep, left };
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  describe(`${name} keeps the contract of sweeps`, () => {
    it.each([
      ['product:*', ['k:product:1', 'k:product:', 'k:product:a/b c']],
      ['product:?', ['k:product:1']],
      ['*:1', ['k:product:1', 'k:user:1']],
      ['*', ['k:product:1', 'k:product:', 'k:product:a/b c', 'k:user:1', 'k:{user}*[é💥]%2A']],
      ['product:1', ['k:product:1']],
      ['{user}\\*[??]%2A', ['k:{user}*[é💥]%2A']],
      ['p*d*t*1', ['k:product:1']],
      ['nothing*', []],
    ])('finds what %j matches', async (glob, gone) => {
      const { store, keep, left } = await fresh();
      const others = ['t:product:1', 'u:product:1', 'q:1:kproduct:1'];
      const all = [
        'k:product:1',
        'k:product:',
        'k:product:a/b c',
        'k:user:1',
        'k:{user}*[é💥]%2A',
        ...others,
      ];
      for (const tag of all) await keep(tag);
      const seen: SweepProgress[] = [];
      expect(await store.sweep(patternTag('k:', glob), { looked: (progress) => seen.push(progress) })).toBe(
        'done',
      );
      expect(await left(...all)).toEqual(all.filter((tag) => !gone.includes(tag)));
      expect(seen.at(-1)).toMatchObject({ found: gone.length });
    });

    it('never returns what was being made meanwhile, by whichever of its tags', async () => {
      const { store, clock, left } = await fresh();
      const snapshot = await store.snapshot(['n:', 't:product:1']);
      await store.sweep(patternTag('t:', 'product:*'));
      await snapshot.set(entryOf(clock, { key: 't:product:1', tags: ['n:', 't:product:1'] }));
      await snapshot.set(entryOf(clock, { key: 't:product:late', tags: ['n:', 't:product:late'] }));
      await snapshot.set(entryOf(clock, { key: 't:user:late', tags: ['n:', 't:user:late'] }));
      expect(await left('t:product:1', 't:product:late', 't:user:late')).toEqual(['t:user:late']);
    });

    it('takes what is made after it', async () => {
      const { store, keep, left } = await fresh();
      await keep('u:https://shop.example/a?b=*');
      await store.sweep(patternTag('u:', 'https://shop.example/*'));
      expect(await left('u:https://shop.example/a?b=*')).toEqual([]);
      await keep('u:https://shop.example/a?b=*');
      expect(await left('u:https://shop.example/a?b=*')).toEqual(['u:https://shop.example/a?b=*']);
    });

    it('finds stale what was softly swept', async () => {
      const { store, clock, keep } = await fresh();
      await keep('t:product:1');
      await keep('t:user:1');
      const softAt = clock.now() + 1000;
      await store.sweep(patternTag('t:', 'product:*'), { softAt });
      expect(await store.get('t:product:1', ['n:'])).toMatchObject({ payload: { freshUntil: softAt } });
      expect(await store.get('t:user:1', ['n:'])).toMatchObject({
        payload: { freshUntil: clock.now() + 60_000 },
      });
    });
  });
}
