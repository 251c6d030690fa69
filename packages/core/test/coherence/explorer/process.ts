import type { Rules } from './rules.ts';
import type { Copy, Flight, Process, Response, State, Tag, World } from './state.ts';

/** What a process does by itself, of which nobody sees a part. */

export const replaceAt = <T>(items: readonly T[], at: number, item: T): T[] =>
  items.map((held, i) => (i === at ? item : held));

export const withProcess = (state: State, at: number, change: Partial<Process>): State => ({
  ...state,
  processes: replaceAt(state.processes, at, { ...state.processes[at]!, ...change }),
});

export const carries = ({ epochs }: Response, tags: string): boolean =>
  [...tags].some((tag) => epochs[tag as Tag] !== '');

const joined = (tags: string, tag: Tag): string =>
  tags.includes(tag) ? tags : [...tags, tag].sort().join('');

/** Memory forgets, and what was asked for before does not come into it. */
export function forget(process: Process, tag: Tag): Process {
  const { copy } = process;
  return {
    ...process,
    copy: copy !== null && carries(copy, tag) ? null : copy,
    flights: process.flights.map((flight) => ({ ...flight, touched: joined(flight.touched, tag) })),
  };
}

/** What memory has is stale, and so is what was asked for before. */
export function soften(process: Process, tag: Tag): Process {
  const { copy } = process;
  return {
    ...process,
    copy: copy !== null && carries(copy, tag) ? { ...copy, stale: true } : copy,
    flights: process.flights.map((flight) => ({ ...flight, softened: joined(flight.softened, tag) })),
  };
}

export const isFill = ({ stage }: Flight): boolean => stage !== 'asked' && stage !== 'answered';

const leave = (process: Process, leaves: (flight: Flight) => boolean): Process => ({
  ...process,
  flights: process.flights.map((flight) => (leaves(flight) ? { ...flight, left: true } : flight)),
});

/** Nobody joins fills that are known to carry the tag: of what a handler names, once it has. */
export function detach(process: Process, tag: Tag, rules: Rules): Process {
  const isNamed = ({ response }: Flight) =>
    rules.lateTagsDetachOnceNamed && response !== null && carries(response, tag);
  const falls = (flight: Flight) => isFill(flight) && (tag !== 'L' || isNamed(flight));
  return rules.fillsAreDetached ? leave(process, falls) : process;
}

/** Nobody joins questions: what they are about is not known. */
export const leaveQuestions = (process: Process): Process => leave(process, (flight) => !isFill(flight));

/** An answer that was computed before the acknowledgement may be older than what was acknowledged. */
export function refuse(process: Process, tag: Tag): Process {
  const flights = process.flights.map((flight) =>
    isFill(flight) ? flight : { ...flight, refused: joined(flight.refused, tag) },
  );
  return { ...process, flights };
}

/** Nothing asked for until now is known to be told of any more. */
export function endSession(process: Process): Process {
  const { copy } = process;
  return {
    ...process,
    copy: copy === null ? null : { ...copy, current: false },
    flights: process.flights.map((flight) => ({ ...flight, current: false })),
  };
}

/** Whether it answers unasked. */
export const isTold = ({ lease, position }: Process, copy: Copy, rules: Rules): boolean =>
  copy.until > 0 || (copy.current && position !== '' && (lease > 0 || !rules.copiesNeedALease));

/** Tags that were invalidated here and that Redis has not acknowledged. What is stale may be read meanwhile. */
export function undelivered({ writers }: State, at: number, { scenario }: World): string {
  const unsaid = scenario.writers.filter(
    ({ by, soft }, i) =>
      by === at && !soft && (writers[i]!.stage === 'sent' || writers[i]!.stage === 'applied'),
  );
  return unsaid.map(({ tag }) => tag).join('');
}

/** Takes into memory what its flight brought back. */
export function promote(process: Process, flight: Flight, { rules, scenario }: World): Process {
  const { response } = flight;
  if (response === null || !isKept(flight, rules)) return process;
  const copy = {
    ...response,
    until: rules.copiesCountFromTheirSending ? flight.until : scenario.delta,
    current: rules.sessionsCountFromTheSending ? flight.current : process.position !== '',
    stale: flight.stale || carries(response, flight.softened),
    read: !isFill(flight),
  };
  return { ...process, copy };
}

export const isKept = ({ response, touched }: Flight, rules: Rules): boolean =>
  !rules.promotionsAreGuarded || response === null || !carries(response, touched);
