import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Cache, CacheOptions, ValueOptions } from '../../src/index.ts';
import { valueKey } from '../../src/key.ts';
import { later, pass, processes, settled, watched } from '../support/processes.ts';

const KEYS = ['a', 'b', 'c'] as const;
const MAX = 3;
const WINDOWS = [
  {},
  { staleWhileRevalidate: 60 },
  { staleIfError: 60, softTimeout: 1 },
  { negativeTtl: 2, earlyRefresh: 1, jitter: 0.5 },
] as const;

type Step =
  | { readonly kind: 'ask'; readonly process: number; readonly key: string; readonly windows: number }
  | { readonly kind: 'end'; readonly at: number; readonly how: 'value' | 'throw' | 'null' | 'bigint' }
  | { readonly kind: 'invalidate'; readonly process: number; readonly key: string }
  | { readonly kind: 'pass'; readonly ms: number };

const process = fc.nat(1);
const key = fc.constantFrom(...KEYS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ask'), process, key, windows: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end'),
      at: fc.nat(20),
      how: fc.constantFrom('value', 'value', 'throw', 'null', 'bigint'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('invalidate'), process, key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(100, 1000, 5000) }) },
);

interface Run {
  readonly of: Cache;
  /** The version of the data that it has read. */
  readonly read: number;
  readonly ending: ReturnType<typeof later<unknown>>;
}

/** Loads read the key's version when they begin; an invalidation makes a new one. */
function world(options: CacheOptions) {
  const rig = processes(2, options);
  const versions = new Map<string, number>(KEYS.map((key) => [key, 0]));
  const runs: Run[] = [];
  const most = new Map<Cache, number>();
  const asked: {
    key: string;
    from: number;
    at: number;
    of: Cache;
    seen: ReturnType<typeof watched<unknown>>;
  }[] = [];
  const load = (cache: Cache, key: string) => () => {
    const run = { of: cache, read: versions.get(key)!, ending: later<unknown>() };
    runs.push(run);
    most.set(cache, Math.max(most.get(cache) ?? 0, runs.filter(({ of }) => of === cache).length));
    return run.ending.promise;
  };
  const end = (run: Run, how: Extract<Step, { kind: 'end' }>['how']) => {
    runs.splice(runs.indexOf(run), 1);
    if (how === 'throw') run.ending.reject(new Error('database'));
    else run.ending.resolve(how === 'value' ? run.read : how === 'null' ? null : 1n);
  };
  return { ...rig, versions, runs, most, asked, load, end };
}

async function play(script: readonly Step[], options: CacheOptions) {
  const it = world(options);
  for (const step of script) {
    if (step.kind === 'ask') {
      const cache = it.caches[step.process]!;
      const slot: ValueOptions = { ttl: 5, tags: [step.key], ...WINDOWS[step.windows] };
      const seen = watched(cache.getOrSet<unknown>(step.key, slot, it.load(cache, step.key)));
      it.asked.push({
        key: step.key,
        from: it.versions.get(step.key)!,
        at: it.clock.monotonicMs(),
        of: cache,
        seen,
      });
    } else if (step.kind === 'end') {
      if (it.runs.length > 0) it.end(it.runs[step.at % it.runs.length]!, step.how);
    } else if (step.kind === 'invalidate') {
      it.versions.set(step.key, it.versions.get(step.key)! + 1);
      await it.caches[step.process]!.invalidate(step.key);
      // Past the second that the other process may lag behind.
      await pass(it.clock, 1000);
    } else {
      await pass(it.clock, step.ms);
    }
    await settled();
  }
  return it;
}

it('whatever comes: everybody has an answer, none older than the question, and nothing is left behind', async () => {
  const script = fc.array(step, { minLength: 1, maxLength: 40 });
  const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
  await fc.assert(
    fc.asyncProperty(script, chance, async (steps, chance) => {
      const it = await play(steps, { random: () => chance, fills: { maxConcurrentFills: MAX } });
      for (let round = 0; round < 200 && it.asked.some(({ seen }) => seen.state === 'waiting'); round += 1) {
        for (const run of [...it.runs]) it.end(run, 'value');
        await settled();
        if (round % 10 === 9) await pass(it.clock, 1000);
      }
      for (const { seen, from } of it.asked) {
        expect(seen.state).not.toBe('waiting');
        if (typeof seen.value === 'number') expect(seen.value).toBeGreaterThanOrEqual(from);
      }
      // Loads behind stale values may be under way still.
      for (let round = 0; round < 5; round += 1) {
        for (const run of [...it.runs]) it.end(run, 'value');
        await pass(it.clock, 1000);
      }
      for (const key of KEYS) expect((await it.lock.acquire(valueKey('default', key), 1)).kind).toBe('held');
      await Promise.all(it.caches.map((cache) => cache.close()));
    }),
    { numRuns: 40 },
  );
});

it('whatever comes that can be stored: never more loads at a time than may, in either process', async () => {
  const script = fc.array(
    step
      .filter((step) => step.kind !== 'end' || step.how !== 'bigint')
      .filter((step) => step.kind !== 'pass'),
    { minLength: 1, maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const { most } = await play(steps, {
        fills: { maxConcurrentFills: MAX, waitTimeout: 3600, fillTimeout: 3600 },
      });
      for (const count of most.values()) expect(count).toBeLessThanOrEqual(MAX);
    }),
    { numRuns: 40 },
  );
});
