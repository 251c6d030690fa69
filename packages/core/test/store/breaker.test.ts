import { describe, expect, it } from 'vitest';
import { Breaker } from '../../src/store/breaker.ts';
import { manualClock } from '../../src/testing/index.ts';

const OPEN_MS = 5000;
const DEADLINE_MS = 50;
const down = new Error('down');
const refused = new Error('refused');

function rig() {
  const clock = manualClock();
  const states: string[] = [];
  const breaker = new Breaker({
    failures: 5,
    openMs: OPEN_MS,
    clock,
    deadlineMs: DEADLINE_MS,
    isOutage: (error) => error !== refused,
    changed: (state) => states.push(state),
  });
  let calls = 0;
  /** What became of a call: its result, or how it failed. */
  const call = async (does: () => Promise<unknown>): Promise<unknown> => {
    const outcome = await breaker
      .run(() => {
        calls += 1;
        return does();
      })
      .catch((error: Error & { code?: string }) => error.code ?? error.message);
    await judged();
    return outcome;
  };
  return { clock, states, breaker, call, calls: () => calls };
}

const judged = () => new Promise((resolve) => setImmediate(resolve));
const fail = async () => {
  throw down;
};
const refuse = async () => {
  throw refused;
};
const answer = async () => 'answer';
const times = async (count: number, does: () => Promise<unknown>) => {
  for (let i = 0; i < count; i += 1) await does();
};

/** Calls that are never answered, judged once their time is up. */
async function hang({ breaker, clock }: ReturnType<typeof rig>, count = 1, graceMs = 0): Promise<void> {
  for (let i = 0; i < count; i += 1) breaker.run(() => new Promise(() => {}), graceMs).catch(() => {});
  await judged();
  clock.advance(DEADLINE_MS);
  await judged();
}

describe('a breaker', () => {
  it('opens after five failures in a row, and then asks nobody', async () => {
    const { call, calls, states } = rig();
    await times(4, () => call(fail));
    expect(states).toEqual([]);
    await call(fail);
    expect(states).toEqual(['open']);
    expect(await call(answer)).toBe('LARDER_STORE_SKIPPED');
    expect(calls()).toBe(5);
  });

  it('counts in a row only: an answer in between begins anew', async () => {
    const { call, states } = rig();
    await times(4, () => call(fail));
    await call(answer);
    await times(4, () => call(fail));
    expect(states).toEqual([]);
  });

  it('takes a refusal for an answer: who refuses is there', async () => {
    const { call, states } = rig();
    await times(4, () => call(fail));
    expect(await call(refuse)).toBe('refused');
    await times(4, () => call(fail));
    expect(states).toEqual([]);
  });

  it('opens after five calls that are not answered in time', async () => {
    const it = rig();
    await times(4, () => hang(it));
    expect(it.states).toEqual([]);
    await hang(it);
    expect(it.states).toEqual(['open']);
  });

  it('counts as one what fails together: a moment of standing still is no outage, under however much load', async () => {
    const it = rig();
    await times(4, () => hang(it, 1000));
    expect(it.states).toEqual([]);
    await hang(it, 1000);
    expect(it.states).toEqual(['open']);
  });

  it('waits longer for what is known to take longer', async () => {
    const it = rig();
    await times(4, () => it.call(fail));
    await hang(it, 1, 100);
    expect(it.states).toEqual([]);
    it.clock.advance(100);
    await judged();
    expect(it.states).toEqual(['open']);
  });

  it('does not shorten a call that it has judged: who still waits has the late answer', async () => {
    const { breaker, clock, states } = rig();
    let late = (_: string) => {};
    const calling = breaker.run(
      () =>
        new Promise<string>((resolve) => {
          late = resolve;
        }),
    );
    await judged();
    clock.advance(DEADLINE_MS * 2);
    late('late');
    expect(await calling).toBe('late');
    expect(states).toEqual([]);
  });

  it('lets exactly one call through once its time is over, however many come', async () => {
    const { call, calls, clock, states } = rig();
    await times(5, () => call(fail));
    clock.advance(OPEN_MS - 1);
    expect(await call(answer)).toBe('LARDER_STORE_SKIPPED');
    clock.advance(1);
    let settle = (_: string) => {};
    const probing = call(
      () =>
        new Promise<string>((resolve) => {
          settle = resolve;
        }),
    );
    const others = await Promise.all(Array.from({ length: 1000 }, () => call(answer)));
    expect(new Set(others)).toEqual(new Set(['LARDER_STORE_SKIPPED']));
    expect(calls()).toBe(6);
    expect(states).toEqual(['open', 'half-open']);
    settle('probe');
    expect(await probing).toBe('probe');
    expect(states).toEqual(['open', 'half-open', 'closed']);
    expect(await call(answer)).toBe('answer');
  });

  it('stays open for as long again when the one call fails, or is not answered', async () => {
    const it = rig();
    await times(5, () => it.call(fail));
    it.clock.advance(OPEN_MS);
    await it.call(fail);
    expect(it.states).toEqual(['open', 'half-open', 'open']);
    expect(await it.call(answer)).toBe('LARDER_STORE_SKIPPED');
    it.clock.advance(OPEN_MS);
    await hang(it);
    expect(it.states.slice(3)).toEqual(['half-open', 'open']);
    expect(await it.call(answer)).toBe('LARDER_STORE_SKIPPED');
  });

  it('is told nothing by calls that were begun before it opened', async () => {
    const { breaker, call, clock, states } = rig();
    let late = (_: string) => {};
    const early = breaker.run(
      () =>
        new Promise<string>((resolve) => {
          late = resolve;
        }),
    );
    await times(5, () => call(fail));
    late('early');
    await early;
    await judged();
    expect(states).toEqual(['open']);
    clock.advance(OPEN_MS);
    await call(answer);
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('lets the next call through at once where something speaks for it', async () => {
    const { breaker, call, states } = rig();
    await times(5, () => call(fail));
    breaker.tryAgain();
    expect(await call(answer)).toBe('answer');
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });
});
