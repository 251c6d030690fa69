import { encode } from './encoding.ts';
import { events, tick } from './faults.ts';
import { flights } from './flights.ts';
import { looks } from './looks.ts';
import { reads } from './reads.ts';
import type { Rules } from './rules.ts';
import { start } from './start.ts';
import type { Scenario, State, Step, World } from './state.ts';
import { writes } from './writes.ts';

export interface Searched {
  readonly states: number;
  /** The shortest way in which the promise is broken, a step a line; undefined when there is none. */
  readonly trace: string | undefined;
}

/** Every order in which everything can happen, nearest first. */
export function search(scenario: Scenario, rules: Rules): Searched {
  const world = { scenario, rules };
  const seen = new Set([encode(start(scenario))]);
  const paths: Path[] = [{ from: -1, does: 'the beginning' }];
  let frontier: [State, number][] = [[start(scenario), 0]];
  while (frontier.length > 0) {
    const reached: [State, number][] = [];
    for (const [state, path] of frontier)
      for (const { does, state: next, violation } of stepsOf(state, world)) {
        if (violation !== undefined)
          return { states: seen.size, trace: traced(paths, path, `${does}: ${violation}`) };
        if (next === state) continue;
        const code = encode(next);
        if (seen.has(code)) continue;
        seen.add(code);
        reached.push([next, paths.push({ from: path, does }) - 1]);
      }
    frontier = reached;
  }
  return { states: seen.size, trace: undefined };
}

interface Path {
  readonly from: number;
  readonly does: string;
}

function stepsOf(state: State, world: World): Step[] {
  const following = world.scenario.following ?? [];
  return [
    ...state.processes.flatMap((_, at) => [...reads(state, at, world), ...flights(state, at, world)]),
    ...writes(state, world),
    ...following.flatMap((at) => looks(state, at, world)),
    ...events(state, world),
    tick(state),
  ];
}

function traced(paths: readonly Path[], last: number, end: string): string {
  const steps = [end];
  for (let at = last; at > 0; at = paths[at]!.from) steps.unshift(paths[at]!.does);
  return steps.map((does, i) => `${String(i + 1).padStart(3)}  ${does}`).join('\n');
}
