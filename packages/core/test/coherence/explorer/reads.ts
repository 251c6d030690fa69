import { isFill, isTold, replaceAt, withProcess } from './process.ts';
import { broken, newReader } from './promise.ts';
import type { Flight, Process, Reader, State, Step, World } from './state.ts';

/** How a read begins: memory, or somebody's question, or one of its own. */
export function reads(state: State, at: number, world: World): Step[] {
  const { readers = [], strictReaders = [] } = world.scenario;
  const waiting = state.processes[at]!.flights.flatMap((flight) => flight.readers);
  const running = (strict: boolean) => waiting.filter((reader) => reader.strict === strict).length;
  return [
    ...(running(false) < (readers[at] ?? 0) ? begin(state, at, world, false) : []),
    ...(running(true) < (strictReaders[at] ?? 0) ? begin(state, at, world, true) : []),
  ];
}

function begin(state: State, at: number, world: World, strict: boolean): Step[] {
  const process = state.processes[at]!;
  const { copy, flights } = process;
  const passes = strict && world.rules.strictReadsPassMemory;
  if (copy === null || passes || !isTold(process, copy, world.rules))
    return [ask(state, at, world, strict), ...joins(state, at, world, strict)];
  const violation = broken([newReader(state, at, world, strict, strict)], copy.version, copy.stale);
  const does = `P${at + 1} reads version ${copy.version} from memory${copy.stale ? ', as stale' : ''}`;
  const refreshes = copy.stale && flights.length === 0 && !world.scenario.onlyLooks;
  const behind = refreshes ? withProcess(state, at, { flights: [fill([], process, world)] }) : state;
  return [{ does, state: behind, violation }];
}

function ask(state: State, at: number, world: World, strict: boolean): Step {
  const process = state.processes[at]!;
  const flight = asked([newReader(state, at, world, true, strict)], process, world);
  const carried = flight.response === null ? '' : `, whether its copy of ${flight.response.version} stands`;
  return {
    does: `P${at + 1} begins a ${strict ? 'strict ' : ''}read: asks Redis${carried}`,
    state: withProcess(state, at, { flights: [...process.flights, flight] }),
  };
}

/** A copy that is stale may have been made anew by others. Strict reads wait for nobody, and nobody for them. */
export const asked = (readers: readonly Reader[], process: Process, world: World): Flight => ({
  stage: 'asked',
  readers,
  left: world.rules.strictReadsAskForThemselves && readers.some(({ strict }) => strict),
  until: world.scenario.delta,
  current: process.position !== '' || !world.rules.sessionsBeginWithAPosition,
  touched: '',
  softened: '',
  refused: '',
  response: carriedBy(process),
  stale: false,
  position: '',
  untouched: true,
});

const carriedBy = ({ copy }: Process): Flight['response'] =>
  copy?.read && !copy.stale ? { version: copy.version, epochs: copy.epochs } : null;

export const fill = (readers: readonly Reader[], process: Process, world: World): Flight => ({
  ...asked(
    readers.map((reader) => ({ ...reader, joined: false })),
    process,
    world,
  ),
  stage: world.rules.epochsAreReadBeforeTheHandler ? 'opening' : 'handling',
  left: false,
  response: null,
});

function joins(state: State, at: number, world: World, strict: boolean): Step[] {
  const { rules } = world;
  const { flights } = state.processes[at]!;
  const forItself = strict && rules.strictReadsAskForThemselves;
  return flights.flatMap((flight, i) => {
    const fills = isFill(flight);
    const checks = fills && (forItself || isOld(flight, world));
    if (flight.left || (!fills && (forItself || isOld(flight, world)))) return [];
    const reader = { ...newReader(state, at, world, strict, strict), joined: true, checks };
    const joined = replaceAt(flights, i, { ...flight, readers: [...flight.readers, reader] });
    const does = `P${at + 1} begins a ${strict ? 'strict ' : ''}read: joins ${fills ? 'a fill' : 'a question'}${checks ? ', to have it checked' : ''}`;
    return [{ does, state: withProcess(state, at, { flights: joined }) }];
  });
}

/** Another process may have invalidated longer than Δ ago, and since it began. */
const isOld = (flight: Flight, { rules }: World): boolean =>
  flight.until === 0 && (isFill(flight) ? rules.oldFillsAreCheckedByJoiners : rules.oldQuestionsAreNotJoined);
