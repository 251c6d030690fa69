import { carries, isKept, isTold, promote, replaceAt, undelivered, withProcess } from './process.ts';
import { broken } from './promise.ts';
import { asked, fill } from './reads.ts';
import { answer, open, openLog, positionIn, untouched } from './redis.ts';
import {
  type Flight,
  NO_EPOCHS,
  type Process,
  type Reader,
  type Response,
  type State,
  type Step,
  type World,
} from './state.ts';

/** What becomes of a question: an answer, or a fill that lands. */
export function flights(state: State, at: number, world: World): Step[] {
  return state.processes[at]!.flights.flatMap((flight, i) => step(state, at, i, flight, world));
}

function step(state: State, at: number, i: number, flight: Flight, world: World): Step[] {
  const process = state.processes[at]!;
  const who = `P${at + 1}`;
  const next = (does: string, change: Partial<Flight>, redis = state.redis): Step[] => {
    const flights = replaceAt(process.flights, i, { ...flight, ...change });
    return [{ does, state: { ...withProcess(state, at, { flights }), redis } }];
  };
  const onServer = (steps: () => Step[]) => (process.link === 'down' ? [] : steps());
  switch (flight.stage) {
    case 'asked':
      return onServer(() => {
        const found = answer(state.redis, flight.response, world.rules);
        return next(`Redis answers ${who}: ${said(found)}`, { ...found, stage: 'answered' });
      });
    case 'answered':
      return [arrive(state, at, i, flight, world)];
    case 'handling':
      return next(`the handler of ${who} reads version ${state.row}`, {
        stage: 'opening',
        response: { version: state.row, epochs: NO_EPOCHS },
      });
    case 'opening':
      return onServer(() => {
        const { late = false } = world.scenario;
        const opened = open(state.redis, ['T', 'N']);
        const redis = late ? openLog(opened) : opened;
        const epochs = { ...redis.epochs, L: '' };
        const response = { version: flight.response?.version ?? -1, epochs };
        const position = late ? positionIn(redis) : '';
        return next(`Redis opens the epochs for ${who}`, { stage: 'opened', response, position }, redis);
      });
    case 'opened': {
      const { version, epochs } = flight.response!;
      const read = version < 0 ? state.row : version;
      return next(`the handler of ${who} has version ${read}`, {
        stage: 'read',
        response: { version: read, epochs },
      });
    }
    case 'read':
      return [world.scenario.late ? name(state, at, i, flight, world) : land(state, at, i, flight, world)];
    case 'named':
      return onServer(() => {
        const redis = open(state.redis, ['L']);
        const response = { ...flight.response!, epochs: { ...flight.response!.epochs, L: redis.epochs.L } };
        return next(`Redis opens the late tag's epoch for ${who}`, { stage: 'late', response }, redis);
      });
    case 'late':
      return onServer(() => {
        const whole = untouched(state.redis, flight.position, 'L', world.rules);
        return next(`Redis reads the log for ${who}: ${whole ? 'untouched' : 'touched, or broken'}`, {
          stage: 'logged',
          untouched: whole,
          position: '',
        });
      });
    case 'logged':
      return [land(state, at, i, flight, world)];
  }
}

const said = ({ response, stale }: ReturnType<typeof answer>): string =>
  response === null ? 'nothing' : `version ${response.version}${stale ? ', stale' : ''}`;

/** An epoch that nothing is compared with. */
const UNREAD = '?/';

/** Memory takes it at once: it has heard of late tags as of all others. Redis is not asked about what it has to be told. */
function name(state: State, at: number, i: number, flight: Flight, world: World): Step {
  const process = state.processes[at]!;
  const { version, epochs } = flight.response!;
  const response = { version, epochs: { ...epochs, L: UNREAD } };
  const untouched = !isPending(response, state, at, world);
  const next = untouched ? ({ stage: 'named' } as const) : ({ stage: 'logged', position: '' } as const);
  const named: Flight = { ...flight, ...next, response, untouched };
  const flights = replaceAt(process.flights, i, named);
  return {
    does: `the handler of P${at + 1} names the late tag`,
    state: withProcess(state, at, promote({ ...process, flights }, named, world)),
  };
}

/** Out of date, as nobody but this process knows. */
const isPending = (response: Response, state: State, at: number, world: World): boolean =>
  world.rules.answersAreRefusedWhilePending && carries(response, undelivered(state, at, world));

/** An answer is given to all who wait for it; without one, this is a fill from now on. */
function arrive(state: State, at: number, i: number, flight: Flight, world: World): Step {
  const { rules, scenario } = world;
  const { response, stale, readers } = flight;
  const process = state.processes[at]!;
  const others = process.flights.filter((_, other) => other !== i);
  const refused = rules.answersAskedForBeforeTheAckAreRefused ? flight.refused : '';
  if (response === null || isPending(response, state, at, world) || carries(response, refused)) {
    const flights = scenario.onlyLooks
      ? others
      : replaceAt(process.flights, i, fill(readers, process, world));
    const does = `P${at + 1} has no answer${scenario.onlyLooks ? '' : ', and begins a fill'}`;
    return { does, state: withProcess(state, at, { flights }) };
  }
  const refreshes = stale && others.length === 0 && !scenario.onlyLooks;
  const left = { ...process, flights: refreshes ? [fill([], process, world)] : others };
  return {
    does: `P${at + 1} gives version ${response.version}${stale ? ' as stale' : ''}`,
    state: withProcess(state, at, promote(left, flight, world)),
    violation: broken(readers, response.version, stale),
  };
}

/** The response is given to who waits for it, kept in memory, and sent to Redis without waiting for that. */
function land(state: State, at: number, i: number, flight: Flight, world: World): Step {
  const { rules, scenario } = world;
  const { late = false, wire: room = 1 } = scenario;
  const response = flight.response!;
  const before = state.processes[at]!;
  const kept = late ? before : promote(before, flight, world);
  const process = { ...kept, flights: before.flights.filter((_, other) => other !== i) };
  const stands = late ? flight.untouched : !isPending(response, state, at, world);
  // Whoever joined after an invalidation of a tag that was named only now could not have known.
  const lost = late && !stands && !isKept(flight, rules) && rules.joinersOfLateTagsLookAgain;
  const looksAgain = (reader: Reader) => reader.checks || (lost && reader.joined);
  const { wire } = state.redis;
  const sends = stands && wire.length < room;
  const redis = sends ? { ...state.redis, wire: [...wire, response] } : state.redis;
  const again = lookAgain({ ...state, redis }, at, process, flight.readers.filter(looksAgain), world);
  const given = flight.readers.filter((reader) => !looksAgain(reader));
  return {
    does: `P${at + 1} has made version ${response.version}: gives it${sends ? ', sends it to Redis' : ''}`,
    state: again.state,
    violation: broken(given, response.version, false) ?? again.violation,
  };
}

/** Memory answers them, or they ask. */
function lookAgain(
  state: State,
  at: number,
  process: Process,
  readers: readonly Reader[],
  world: World,
): Pick<Step, 'state' | 'violation'> {
  const { copy, flights } = process;
  const leased = ({ strict }: Reader) => !strict && copy !== null && isTold(process, copy, world.rules);
  const asking = readers
    .filter((reader) => !leased(reader))
    .map((reader) => ({ ...reader, joined: false, checks: false }));
  const asks = asking.length === 0 ? [] : [asked(asking, process, world)];
  return {
    state: withProcess(state, at, { ...process, flights: [...flights, ...asks] }),
    violation: broken(readers.filter(leased), copy?.version ?? 0, copy?.stale ?? false),
  };
}
