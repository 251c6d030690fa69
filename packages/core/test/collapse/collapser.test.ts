import { describe, expect, it } from 'vitest';
import { Collapser } from '../../src/collapse/collapser.ts';
import { fillLimits } from '../../src/collapse/limits.ts';
import type { Question } from '../../src/collapse/question.ts';
import { Turns } from '../../src/collapse/turns.ts';
import type { Ending, Grant } from '../../src/lock.ts';
import { manualClock } from '../../src/testing/index.ts';
import { settled, watched } from '../support/processes.ts';

/** Somebody who finds nothing, by a lock that grants as the test says. */
function rig(grant: () => Grant) {
  const clock = manualClock();
  const limits = fillLimits({ maxConcurrentFills: 1, waitTimeout: 10 });
  const turns = new Turns(limits);
  const lock = { acquire: async () => grant(), close: async () => {} };
  const question: Question<string, string> = {
    tags: [],
    look: async () => ({ kind: 'absent', key: 'key' }),
    share: async () => undefined,
    cover: async () => undefined,
    patienceMs: Number.POSITIVE_INFINITY,
  };
  return { clock, turns, question, collapser: new Collapser<string>({ clock, lock, turns, limits }) };
}

describe('a leader', () => {
  it('waits for another process as long as it says, however long it had queued before', async () => {
    const waits: number[] = [];
    const { clock, turns, question, collapser } = rig(() => ({
      kind: 'taken',
      freed: (ms) => {
        waits.push(ms);
        return new Promise(() => {});
      },
    }));
    const busy = await turns.take('other', 'leader').turn;
    const asking = watched(collapser.ask(question));
    await settled();
    clock.advance(11_000);
    busy.end();
    await settled();
    expect([waits, asking.state]).toEqual([[10_000], 'waiting']);
  });

  it('gives the lock and its turn back where the look beside it fails', async () => {
    const released: Ending[] = [];
    const { turns, question, collapser } = rig(() => ({
      kind: 'held',
      extend: async () => true,
      release: async (ending) => void released.push(ending),
    }));
    const look = async (confirmed: boolean) => {
      if (confirmed) throw new Error('look');
      return { kind: 'absent', key: 'key' } as const;
    };
    await expect(collapser.ask({ ...question, look })).rejects.toThrow('look');
    expect([released, turns.running]).toEqual([['lost'], 0]);
  });
});
