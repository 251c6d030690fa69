import { describe, expect, it } from 'vitest';
import { MUTANTS } from './explorer/mutants.ts';
import { PROTOCOL, without } from './explorer/rules.ts';
import { SCENARIOS } from './explorer/scenarios.ts';
import { search } from './explorer/search.ts';
import type { Scenario } from './explorer/state.ts';

/** Fewer than this, and something that used to happen does not any more. */
const LEAST_STATES = 190_000;

const scenarios: readonly Scenario[] = Object.values(SCENARIOS);

describe('no order of events breaks the promise', () => {
  let states = 0;

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('when %s', (_, scenario) => {
    const searched = search(scenario, PROTOCOL);
    states += searched.states;
    expect(searched.trace).toBeUndefined();
  });

  it(`in ${LEAST_STATES.toLocaleString('en')} states and more`, () => {
    expect(states).toBeGreaterThan(LEAST_STATES);
  });
});

describe('no order of events breaks it either', () => {
  it('if the log is written only behind epochs that lie apart, which no handler names late', () => {
    expect(search(SCENARIOS.apart, without('theLogIsWrittenBeforeEpochsGo')).trace).toBeUndefined();
  });
});

describe('an order of events breaks the promise', () => {
  it.each(MUTANTS.map((mutant) => [mutant.fault, mutant] as const))('if %s', (_, mutant) => {
    const { trace } = search(SCENARIOS[mutant.in], without(mutant.without));
    expect(trace).toMatch(/^ {2}1 .*\n(?:.*\n)*.* was promised$/);
  });

  it('for want of any one of the rules', () => {
    expect(new Set(MUTANTS.map((mutant) => mutant.without))).toEqual(new Set(Object.keys(PROTOCOL)));
  });
});
