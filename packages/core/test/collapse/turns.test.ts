import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillLimits } from '../../src/collapse/limits.ts';
import { type Queued, runIn, type Turn, Turns } from '../../src/collapse/turns.ts';
import { settled } from '../support/processes.ts';

const turnsOf = (maxConcurrentFills: number, maxQueuedFills = 10_000) =>
  new Turns(fillLimits({ maxConcurrentFills, maxQueuedFills }));

/** Takes turns under names, and ends them in the order in which they were given. */
function board(turns: Turns) {
  const given: string[] = [];
  const running: Turn[] = [];
  const take = (key: string, as: 'leader' | 'crowd', name = key): Queued => {
    const queued = turns.take(key, as);
    queued.turn.then((turn) => {
      given.push(name);
      running.push(turn);
    });
    return queued;
  };
  const endNext = async () => {
    running.shift()?.end();
    await settled();
  };
  return { take, given, running, endNext };
}

describe('turns', () => {
  it('are given at once while there are fewer than the bound, and then as others end', async () => {
    const turns = turnsOf(2);
    const { take, given, endNext } = board(turns);
    for (const key of ['a', 'b', 'c']) take(key, 'leader');
    await settled();
    expect([given, turns.running, turns.waiting]).toEqual([['a', 'b'], 2, 1]);
    await endNext();
    expect([given, turns.running, turns.waiting]).toEqual([['a', 'b', 'c'], 2, 0]);
  });

  it('go round between keys, however many wait for one of them', async () => {
    const { take, given, endNext } = board(turnsOf(1));
    for (let n = 0; n < 1000; n += 1) take('busy', 'leader', `busy ${n}`);
    take('quiet', 'leader');
    take('calm', 'leader');
    for (let n = 0; n < 4; n += 1) await endNext();
    expect(given).toEqual(['busy 0', 'busy 1', 'quiet', 'calm']);
  });

  it('come first to who came first, among those of one key', async () => {
    const { take, given, endNext } = board(turnsOf(1));
    for (const name of ['1', '2', '3']) take('key', 'leader', name);
    for (let n = 0; n < 3; n += 1) await endNext();
    expect(given).toEqual(['1', '2', '3']);
  });

  it('of a crowd are given to one, then two, then four at a time', async () => {
    const turns = turnsOf(500);
    const { take, running } = board(turns);
    for (let n = 0; n < 15; n += 1) take('key', 'crowd', `${n}`);
    const batches: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await settled();
      batches.push(running.length);
      for (const turn of running.splice(0)) turn.end();
    }
    expect(batches).toEqual([1, 2, 4, 8]);
  });

  it('start with one again for the next crowd of a key', async () => {
    const turns = turnsOf(500);
    const { take, running, endNext } = board(turns);
    for (let n = 0; n < 3; n += 1) take('key', 'crowd');
    await settled();
    for (let n = 0; n < 3; n += 1) await endNext();
    expect([running.length, turns.running]).toEqual([0, 0]);
    for (let n = 0; n < 3; n += 1) take('key', 'crowd');
    await settled();
    expect(running).toHaveLength(1);
  });

  it('of a crowd do not hold up the leader of the same key', async () => {
    const { take, given } = board(turnsOf(500));
    take('key', 'crowd', 'one of many');
    take('key', 'crowd', 'another');
    take('key', 'leader', 'leader');
    await settled();
    expect(given).toEqual(['one of many', 'leader']);
  });

  it('are not waited for by who is hurried, and are still counted', async () => {
    const turns = turnsOf(1);
    const { take, given, running } = board(turns);
    take('a', 'leader');
    const urgent = take('b', 'leader');
    take('c', 'leader');
    urgent.hurry();
    urgent.hurry();
    await settled();
    expect([given, turns.running, turns.waiting]).toEqual([['a', 'b'], 2, 1]);
    for (const turn of running.splice(0, 1)) turn.end();
    await settled();
    expect([given.length, turns.running]).toEqual([2, 1]);
    for (const turn of running.splice(0)) turn.end();
    await settled();
    expect([given, turns.running, turns.waiting]).toEqual([['a', 'b', 'c'], 1, 0]);
  });

  it('are given to everybody at once where too many wait', async () => {
    const turns = turnsOf(1, 2);
    const { take, given } = board(turns);
    for (const key of ['a', 'b', 'c', 'd', 'e']) take(key, 'leader');
    await settled();
    expect([given, turns.running, turns.waiting]).toEqual([['a', 'd', 'e'], 1, 2]);
  });

  it('are not needed by what runs in one, until it is over', async () => {
    const turns = turnsOf(1);
    const { take, given, running } = board(turns);
    take('outer', 'leader');
    await settled();
    const [outer] = running;
    runIn(outer, () => take('nested', 'leader'));
    await settled();
    expect(given).toEqual(['outer', 'nested']);
    take('next', 'leader');
    outer!.end();
    await settled();
    runIn(outer, () => take('late', 'leader'));
    await settled();
    expect(given).toEqual(['outer', 'nested', 'next']);
  });

  it('end once, however often that is said', async () => {
    const turns = turnsOf(2);
    const { take, running } = board(turns);
    for (const key of ['a', 'b', 'c', 'd']) take(key, 'leader');
    await settled();
    running[0]!.end();
    running[0]!.end();
    expect([turns.running, turns.waiting]).toEqual([2, 1]);
  });
});

type Step =
  | { readonly kind: 'leader' | 'crowd'; readonly key: string }
  | { readonly kind: 'end'; at: number };

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('leader' as const, 'crowd' as const),
      key: fc.constantFrom('a', 'b', 'c'),
    }),
    fc.record({ kind: fc.constant('end' as const), at: fc.nat(50) }),
  ),
  { maxLength: 60 },
);

describe('whatever comes and ends in whatever order', () => {
  const play = async (max: number, script: readonly Step[]) => {
    const turns = turnsOf(max);
    const names: { lane: string; n: number }[] = [];
    const given: number[] = [];
    const running: { lane: string; turn: Turn }[] = [];
    for (const step of script) {
      if (step.kind === 'end') {
        if (running.length > 0) running.splice(step.at % running.length, 1)[0]!.turn.end();
      } else {
        const lane = `${step.kind} ${step.key}`;
        const n = names.push({ lane, n: names.length }) - 1;
        turns.take(step.key, step.kind).turn.then((turn) => {
          given.push(n);
          running.push({ lane, turn });
        });
      }
      await settled();
      expect(turns.running).toBe(running.length);
      expect(turns.running).toBeLessThanOrEqual(max);
      // Nobody waits for nothing: where there is room, only crowds are held back.
      if (turns.running < max && turns.waiting > 0) {
        const waiting = names.filter((_, n) => !given.includes(n));
        expect(waiting.every(({ lane }) => running.some((other) => other.lane === lane))).toBe(true);
        expect(waiting.every(({ lane }) => lane.startsWith('crowd'))).toBe(true);
      }
    }
    while (running.length > 0) {
      running.shift()!.turn.end();
      await settled();
    }
    return { turns, names, given };
  };

  it('everybody gets a turn in the end, those of one lane in order, and never too many at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (max, script) => {
        const { turns, names, given } = await play(max, script);
        expect(given).toHaveLength(names.length);
        expect([turns.running, turns.waiting]).toEqual([0, 0]);
        for (const lane of new Set(names.map((name) => name.lane))) {
          const order = given.filter((n) => names[n]!.lane === lane);
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('no lane gets two turns while another waits for one', async () => {
    const lanes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(lanes, async (sizes) => {
        const { take, given, endNext } = board(turnsOf(1));
        take('first', 'leader');
        await settled();
        for (const [lane, size] of sizes.entries())
          for (let n = 0; n < size; n += 1) take(`${lane}`, 'leader');
        for (let n = 0; n <= sizes.reduce((sum, size) => sum + size); n += 1) await endNext();
        const left = [...sizes];
        const order = given.slice(1).map(Number);
        while (order.length > 0) {
          const round = [...left.keys()].filter((lane) => left[lane]! > 0);
          expect(order.splice(0, round.length)).toEqual(round);
          for (const lane of round) left[lane]! -= 1;
        }
      }),
    );
  });
});
