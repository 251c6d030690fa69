import { describe, expect, it } from 'vitest';
import { attempt } from '../../src/store/attempt.ts';
import { aside, Budget, budgetOfRequest, spending } from '../../src/store/budget.ts';
import { manualClock, recordingObserver } from '../../src/testing/index.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function rig(budgetMs = 60) {
  const clock = manualClock();
  const { observe, of } = recordingObserver();
  const context = { namespace: 'shop', tier: 'redis', deadlineMs: 50, budgetMs, clock, observe };
  let answered = false;
  const budget = new Budget(clock, budgetMs, () => answered);
  const answer = () => {
    answered = true;
  };
  let asked = 0;
  /** A call that answers after so many ms, or never. */
  const call = (ms = Number.POSITIVE_INFINITY, operation: 'get' | 'set' | 'unlock' = 'get') =>
    attempt(
      context,
      operation,
      () => {
        asked += 1;
        return new Promise<string>((resolve) => {
          if (Number.isFinite(ms)) clock.after(ms, () => resolve('answer'));
        });
      },
      'otherwise',
    );
  /** Passes in small steps, as time does, and sees to what happens on the way. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 5) {
      clock.advance(5);
      await turn();
    }
  };
  /** How many ms it takes until the call is over, and with what. */
  const timed = async (calling: Promise<string>) => {
    const beganMs = clock.monotonicMs();
    let result: string | undefined;
    calling.then((value) => {
      result = value;
    });
    await turn();
    while (result === undefined) await pass(5);
    return [result, clock.monotonicMs() - beganMs];
  };
  const skips = () => of('store-skip').map(({ operation, why }) => `${operation} ${why}`);
  return {
    budget,
    answer,
    call,
    timed,
    pass,
    skips,
    asked: () => asked,
    serve: <R>(run: () => R) => spending(budget, run),
  };
}

describe('what a request waits for a shared store', () => {
  it('is the deadline for one call, and the budget for all that come one after the other', async () => {
    const { serve, call, timed, skips } = rig();
    await serve(async () => {
      expect(await timed(call())).toEqual(['otherwise', 50]);
      expect(await timed(call())).toEqual(['otherwise', 10]);
      expect(await timed(call())).toEqual(['otherwise', 0]);
    });
    expect(skips()).toEqual(['get budget']);
  });

  it('is spent by answers too: with 40 ms gone a second call has 20', async () => {
    const { serve, call, timed, asked } = rig();
    await serve(async () => {
      expect(await timed(call(40))).toEqual(['answer', 40]);
      expect(await timed(call(40))).toEqual(['otherwise', 20]);
      expect(await timed(call(1))).toEqual(['otherwise', 0]);
    });
    expect(asked()).toBe(2);
  });

  it('counts once what is waited for at the same time', async () => {
    const { serve, call, timed, pass, budget } = rig();
    await serve(async () => {
      const three = Promise.all([call(40), call(40), call(40)]);
      await pass(40);
      expect(await three).toEqual(['answer', 'answer', 'answer']);
      expect(budget.leftMs).toBe(20);
      expect(await timed(call())).toEqual(['otherwise', 20]);
    });
  });

  it('does not include what its handler does in between', async () => {
    const { serve, call, timed, pass } = rig();
    await serve(async () => {
      expect(await timed(call(10))).toEqual(['answer', 10]);
      await pass(10_000);
      expect(await timed(call(40))).toEqual(['answer', 40]);
    });
  });

  it('does not include storing and letting go, which come behind the answer', async () => {
    const { serve, call, timed, skips } = rig();
    await serve(async () => {
      await timed(call());
      await timed(call());
      expect(await timed(call(30, 'set'))).toEqual(['answer', 30]);
      expect(await timed(call(30, 'unlock'))).toEqual(['answer', 30]);
    });
    expect(skips()).toEqual([]);
  });

  it('is found out of whatever asynchronous code serves it, and not out of what goes on aside', async () => {
    const { serve, budget } = rig();
    await serve(async () => {
      await turn();
      expect(budgetOfRequest()).toBe(budget);
      expect(await aside(async () => budgetOfRequest())).toBeUndefined();
    });
    expect(budgetOfRequest()).toBeUndefined();
  });

  it('is not counted against what its code does once it has been answered', async () => {
    const { serve, call, timed, answer } = rig();
    await serve(async () => {
      await timed(call());
      await timed(call());
      answer();
      expect(await timed(call(40))).toEqual(['answer', 40]);
      expect(await timed(call(40))).toEqual(['answer', 40]);
    });
  });

  it('is a budget of its own for every call that serves no request', async () => {
    const { call, timed } = rig();
    for (let i = 0; i < 3; i += 1) expect(await timed(call(40))).toEqual(['answer', 40]);
  });
});

describe('a process that is kept from its sockets', () => {
  it('blames the store for a part of that time only', async () => {
    let nowMs = 0;
    let due: (() => void)[] = [];
    const clock = {
      now: () => nowMs,
      monotonicMs: () => nowMs,
      after(_: number, run: () => void) {
        due.push(run);
        return () => {};
      },
    };
    /** Timers fire when the process gets to them: once, however late. */
    const busyFor = (ms: number) => {
      nowMs += ms;
      const late = due;
      due = [];
      for (const run of late) run();
    };
    const budget = new Budget(clock, 60);
    let answer = (_: string) => {};
    const waiting = budget.wait(
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
      50,
    );
    busyFor(1000);
    busyFor(1000);
    answer('there all the time');
    expect(await waiting).toBe('there all the time');
    expect(budget.leftMs).toBe(40);
  });
});
