import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDueEarly, jittered } from '../src/early.ts';

const END = 1_000_000;
const due = (leftMs: number, { costMs = 100, beta = 1, chance = 0.5 } = {}) =>
  isDueEarly({ freshUntil: END, costMs }, beta, END - leftMs, () => chance);
const CHANCE = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const MS = fc.double({ min: 0.001, max: 1e9, noNaN: true });

describe('early refresh', () => {
  it('is never due with a beta of 0, nor for what costs nothing', () => {
    fc.assert(
      fc.property(MS, MS, CHANCE, (leftMs, costMs, chance) => !due(leftMs, { costMs, beta: 0, chance })),
    );
    fc.assert(fc.property(MS, CHANCE, (leftMs, chance) => !due(leftMs, { costMs: 0, chance })));
  });

  it('is never due further from the end than 37 times the cost', () => {
    fc.assert(fc.property(MS, CHANCE, (costMs, chance) => !due(costMs * 37 * 1.000001, { costMs, chance })));
  });

  it('is as likely as the exponential of what is left, in units of the cost', () => {
    // exp(-1) of all chances are above 1 - exp(-1).
    const edge = 1 - Math.exp(-1);
    expect([due(100, { chance: edge + 0.001 }), due(100, { chance: edge - 0.001 })]).toEqual([true, false]);
    const share = (leftMs: number) => {
      let count = 0;
      for (let n = 0; n < 10_000; n += 1) if (due(leftMs, { chance: n / 10_000 })) count += 1;
      return count / 10_000;
    };
    for (const times of [0.1, 1, 2, 5]) expect(share(times * 100)).toBeCloseTo(Math.exp(-times), 3);
  });

  it('is never less likely nearer to the end, for what costs more, or with a larger beta', () => {
    fc.assert(
      fc.property(
        MS,
        MS,
        CHANCE,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (leftMs, costMs, chance, beta) => {
          if (!due(leftMs, { costMs, beta, chance })) return;
          expect(due(leftMs / 2, { costMs, beta, chance })).toBe(true);
          expect(due(leftMs, { costMs: costMs * 2, beta, chance })).toBe(true);
          expect(due(leftMs, { costMs, beta: beta * 2, chance })).toBe(true);
        },
      ),
    );
  });

  it('does not ask chance far from the end', () => {
    const unasked = () => {
      throw new Error('asked');
    };
    expect(isDueEarly({ freshUntil: END, costMs: 100 }, 1, END - 3700, unasked)).toBe(false);
    expect(isDueEarly({ freshUntil: END, costMs: 100 }, 0, END - 1, unasked)).toBe(false);
  });
});

describe('jitter', () => {
  it('takes from a lifetime at most its share, and never adds to it', () => {
    fc.assert(
      fc.property(MS, fc.double({ min: 0, max: 0.5, noNaN: true }), CHANCE, (seconds, jitter, chance) => {
        const left = jittered(seconds, jitter, chance);
        expect(left).toBeLessThanOrEqual(seconds);
        expect(left).toBeGreaterThanOrEqual(seconds * (1 - jitter));
      }),
    );
  });

  it('of 0 changes nothing', () => {
    fc.assert(fc.property(MS, CHANCE, (seconds, chance) => jittered(seconds, 0, chance) === seconds));
  });
});
