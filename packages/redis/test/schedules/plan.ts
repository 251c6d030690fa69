import fc from 'fast-check';
import { type Act, PLACES } from './acts.ts';
import { LAG_MS, type Mode } from './ledger.ts';
import { MOTIFS } from './motifs.ts';
import type { How } from './process.ts';
import { LOSABLE, NAMES, type Name } from './world.ts';

export interface Plan {
  /** Of as many processes. */
  readonly modes: readonly Mode[];
  /** Ms that a call of the cache waits for Redis. */
  readonly deadlineMs: number;
  /** Everybody has a copy of everything to begin with. */
  readonly warm: boolean;
  readonly acts: readonly Act[];
}

const MODES: readonly Mode[] = ['lease', 'lease', 'lease', 'lease', 'strict', 'none'];
const HOWS: readonly How[] = ['hard', 'hard', 'hard', 'soft', 'all'];
/** Less than the usual deadline, more, the time from one look at the log to the next, the rest of the lag, and all of it. */
const TIMES_MS = [20, 60, Math.ceil(LAG_MS / 3), 0.7 * LAG_MS, LAG_MS];

/** The usual one, and one that is longer than the lag. */
const DEADLINES_MS = [50, 5 * LAG_MS];

const constant = <T extends string>(act: T) => fc.constant(act);

const anyAct = (by: fc.Arbitrary<Name>): fc.Arbitrary<Act> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ act: constant('read'), by, strict: fc.nat(3).map((n) => n === 3) }),
    },
    { weight: 4, arbitrary: fc.record({ act: constant('page'), by }) },
    { weight: 5, arbitrary: fc.record({ act: constant('write'), by, how: fc.constantFrom(...HOWS) }) },
    { weight: 4, arbitrary: fc.record({ act: constant('hold'), by, place: fc.constantFrom(...PLACES) }) },
    { weight: 2, arbitrary: fc.record({ act: constant('on'), once: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ act: constant('pass'), ms: fc.constantFrom(...TIMES_MS) }) },
    { weight: 2, arbitrary: fc.record({ act: constant('lose'), what: fc.constantFrom(...LOSABLE) }) },
    { weight: 1, arbitrary: fc.record({ act: constant('cut'), by, lost: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: constant('redis'), is: fc.constantFrom('well', 'full', 'unwritable') }),
    },
    { weight: 5, arbitrary: fc.record({ act: constant('rest') }) },
  );

/** Whatever comes to mind. */
const anyActs = (by: fc.Arbitrary<Name>) =>
  fc.array(anyAct(by), { minLength: 3, maxLength: 16, size: 'max' });

/** No motif is longer. */
const MOST_KEPT = 20;

/** A motif, most of it, and whatever comes to mind in the midst of it. What is not needed for a failure is left out of it. */
const variation = (names: readonly Name[]): fc.Arbitrary<readonly Act[]> =>
  fc
    .record({
      motif: fc.constantFrom(...Object.values(MOTIFS)),
      one: fc.nat(names.length - 1),
      // Seldom the same one.
      further: fc.constantFrom(1, 1, 1, 0),
      kept: fc.array(fc.noBias(fc.nat(49)), { minLength: MOST_KEPT, maxLength: MOST_KEPT }),
      more: fc.array(fc.record({ at: fc.nat(12), act: anyAct(fc.constantFrom(...names)) }), {
        maxLength: 3,
        size: 'max',
      }),
    })
    .map(({ motif, one, further, kept, more }) =>
      more.reduce(
        (acts: readonly Act[], { at, act }) => acts.toSpliced(at, 0, act),
        motif(names[one]!, names[(one + further) % names.length]!).filter((_, i) => kept[i] !== 0),
      ),
    );

const processes = fc.constantFrom(1, 2, 2, 2, 3);

export const plans: fc.Arbitrary<Plan> = processes.chain((count) => {
  const names = NAMES.slice(0, count);
  return fc.record({
    modes: fc.array(fc.constantFrom(...MODES), { minLength: count, maxLength: count }),
    deadlineMs: fc.constantFrom(...DEADLINES_MS),
    warm: fc.boolean(),
    acts: fc.oneof(
      { weight: 1, arbitrary: anyActs(fc.constantFrom(...names)) },
      { weight: 2, arbitrary: variation(names) },
    ),
  });
});

/** Each motif as it is, with whatever deadline. */
export const examples: readonly Plan[] = Object.values(MOTIFS).flatMap((motif) =>
  DEADLINES_MS.map((deadlineMs) => ({
    modes: ['lease', 'lease'] as const,
    deadlineMs,
    warm: false,
    acts: motif('A', 'B'),
  })),
);
