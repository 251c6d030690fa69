import type { Reader, State, World } from './state.ts';

/** The promise, as what a read may not be older than, and the check of what it was given. */

/**
 * Decided when a read begins. `atOnce`: it asks Redis after it began, so that Δ is not allowed to it. What is younger
 * than Δ is owed to the process that invalidated, and to nobody else.
 */
export function newReader(
  { writers }: State,
  at: number,
  { scenario }: World,
  atOnce: boolean,
  strict: boolean,
): Reader {
  const owed = writers.map(({ floor, resolved, known, owed }, i) => {
    const { by, soft = false } = scenario.writers[i]!;
    const due = by === at ? resolved : known && (atOnce || owed === 0);
    return { soft, floor: due ? floor : 0 };
  });
  const hard = owed.filter(({ soft }) => !soft).map(({ floor }) => floor);
  return {
    floor: Math.max(0, ...hard),
    freshFloor: Math.max(0, ...owed.map(({ floor }) => floor)),
    strict,
    joined: false,
    checks: false,
  };
}

/** Undefined when all of them may be given it. */
export function broken(readers: readonly Reader[], version: number, stale: boolean): string | undefined {
  const floor = Math.max(0, ...readers.map((reader) => (stale ? reader.floor : reader.freshFloor)));
  if (version >= floor) return undefined;
  return `version ${version} is given${stale ? ' as stale' : ''}, but ${floor} was promised`;
}
