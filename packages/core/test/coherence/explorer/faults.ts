import { forget, replaceAt } from './process.ts';
import { applyStore, dropEpoch, emptied } from './redis.ts';
import {
  type Fault,
  type Process,
  type Redis,
  type State,
  type Step,
  TAGS,
  type World,
  type Writer,
} from './state.ts';

/** What happens by itself: stores that arrive whenever they do, and everything that breaks. */
export function events(state: State, world: World): Step[] {
  const stores = state.redis.wire.map((sent, i) => ({
    does: `Redis stores version ${sent.version}`,
    state: { ...state, redis: applyStore(state.redis, i, world.rules) },
  }));
  return [...stores, ...losses(state), ...restarts(state, world)];
}

const spent = (state: State, fault: Fault): State => ({
  ...state,
  left: { ...state.left, [fault]: state.left[fault] - 1 },
});

/** Any key may be evicted, at any time. */
function losses(state: State): Step[] {
  const { redis, left } = state;
  const lost = (does: string, fault: Fault, after: Redis): Step => ({
    does,
    state: spent({ ...state, redis: after }, fault),
  });
  const steps: Step[] = [];
  if (left.loss > 0) {
    steps.push(lost('Redis loses everything', 'loss', emptied(redis)));
    if (redis.entry !== null) steps.push(lost('Redis loses the entry', 'loss', { ...redis, entry: null }));
    if (redis.log !== null) steps.push(lost('Redis loses the log', 'loss', { ...redis, log: null }));
    const epochs = TAGS.filter((tag) => redis.epochs[tag] !== '');
    for (const tag of epochs)
      steps.push(lost(`Redis loses the epoch of ${tag}`, 'loss', dropEpoch(redis, tag, false)));
  }
  if (left.trim > 0)
    for (const [i] of (redis.log ?? []).entries())
      steps.push(lost('Redis trims the log', 'trim', { ...redis, log: redis.log!.slice(i + 1) }));
  return steps;
}

/** A server that comes back with what it had once, and the process that notices. */
function restarts(state: State, world: World): Step[] {
  const { redis, left } = state;
  const { entry, epochs, log, saved } = redis;
  const steps: Step[] = [];
  if (left.save > 0)
    steps.push({
      does: 'Redis saves what it has',
      state: spent({ ...state, redis: { ...redis, saved: { entry, epochs, log } } }, 'save'),
    });
  if (left.restart > 0 && saved !== null)
    steps.push({ does: 'Redis begins anew with what it had', state: restarted(state, world) });
  for (const [at, { link }] of state.processes.entries()) {
    if (link === 'up') continue;
    const does = link === 'down' ? 'connects again' : 'notices';
    steps.push({ does: `P${at + 1} ${does}`, state: noticed(state, at, world) });
  }
  return steps;
}

/**
 * What is owed to anybody is what is acknowledged anew; what was being read already is not promised. Who invalidates has to
 * connect again before it reads, where connections do not outlast it.
 */
function restarted(state: State, { scenario }: World): State {
  const { redis } = state;
  const { promoted = false } = scenario;
  const writing = new Set(scenario.writers.map(({ by }) => by));
  const processes = state.processes.map((process, at): Process => {
    if (!writing.has(at)) return unowed(process);
    return promoted ? { ...unowed(process), link: 'behind' } : { ...process, link: 'down' };
  });
  const writers = state.writers.map((writer): Writer => {
    if (writer.stage === 'acked') return { ...writer, known: false, owed: 0, resolved: !promoted };
    return writer.stage === 'applied' ? { ...writer, stage: 'sent', steps: 0 } : writer;
  });
  return spent(
    { ...state, processes, writers, redis: { ...redis, ...redis.saved!, saved: null } },
    'restart',
  );
}

const unowed = (process: Process): Process => ({
  ...process,
  flights: process.flights.map((flight) => ({
    ...flight,
    readers: flight.readers.map((reader) => ({ ...reader, floor: 0, freshFloor: 0 })),
  })),
});

/** What was acknowledged lately is delivered once more, and what was read meanwhile is forgotten. */
function noticed(state: State, at: number, world: World): State {
  const { rules, scenario } = world;
  const again = repeated(world);
  const isRepeated = (i: number) => scenario.writers[i]!.by === at && state.writers[i]!.stage === 'acked';
  const writers = state.writers.map((writer, i) => (isRepeated(i) ? { ...writer, ...again } : writer));
  const tags = scenario.writers.flatMap(({ tag }, i) => (isRepeated(i) ? [tag] : []));
  const up: Process = { ...state.processes[at]!, link: 'up' };
  const process = rules.whatIsToldAgainIsForgotten ? tags.reduce(forget, up) : up;
  return { ...state, writers, processes: replaceAt(state.processes, at, process) };
}

const repeated = ({ rules, scenario }: World): Partial<Writer> =>
  rules.replacedServersAreToldAgain
    ? { stage: 'sent', steps: 0 }
    : { known: true, resolved: true, owed: scenario.delta };

const ticked = (ticks: number): number => Math.max(0, ticks - 1);

/** Anything counts time. */
const isTimed = ({ processes, writers }: State): boolean =>
  writers.some(({ owed, barrier }) => owed + barrier > 0) ||
  processes.some(
    ({ lease, look, copy, flights }) =>
      lease + (look?.until ?? 0) + (copy?.until ?? 0) > 0 || flights.some(({ until }) => until > 0),
  );

/** A tick passes for everybody. */
export function tick(state: State): Step {
  if (!isTimed(state)) return { does: 'a tick passes', state };
  const processes = state.processes.map((process) => ({
    ...process,
    lease: ticked(process.lease),
    look: process.look && { ...process.look, until: ticked(process.look.until) },
    copy: process.copy && { ...process.copy, until: ticked(process.copy.until) },
    flights: process.flights.map((flight) => ({ ...flight, until: ticked(flight.until) })),
  }));
  const writers = state.writers.map((writer) => ({
    ...writer,
    owed: ticked(writer.owed),
    barrier: writer.stage === 'idle' ? 0 : ticked(writer.barrier),
  }));
  return { does: 'a tick passes', state: { ...state, processes, writers } };
}
