import { detach, forget, leaveQuestions, refuse, replaceAt, soften } from './process.ts';
import { append, dropEpoch, emptied } from './redis.ts';
import type { Rules } from './rules.ts';
import type { Process, State, Step, World, Writer, WriterSpec } from './state.ts';

/** A write: the commit, the invalidation here, at Redis, and its acknowledgement. */
export function writes(state: State, world: World): Step[] {
  return world.scenario.writers.flatMap((spec, i) => [
    ...(spec.flush ? flushing(state, i, world) : writing(state, i, spec, world)),
    ...failing(state, i, spec),
  ]);
}

const withWriter = (state: State, i: number, change: Partial<Writer>): State => ({
  ...state,
  writers: replaceAt(state.writers, i, { ...state.writers[i]!, ...change }),
});

function writing(state: State, i: number, spec: WriterSpec, world: World): Step[] {
  const { rules } = world;
  const writer = state.writers[i]!;
  const early = !rules.invalidationsFollowTheCommit;
  const committed = { ...state, row: state.row + 1 };
  const commits = `a write commits version ${committed.row}`;
  switch (writer.stage) {
    case 'idle':
      return early
        ? [call(state, i, spec, world)]
        : [{ does: commits, state: withWriter(committed, i, { stage: 'committed' }) }];
    case 'committed':
      return [call(state, i, spec, world)];
    case 'sent':
      return state.processes[spec.by]!.link === 'down' ? [] : [applyNext(state, i, spec, world)];
    case 'applied':
      return [acknowledge(state, i, spec, world)];
    case 'waiting':
      if (writer.barrier > 0) return [];
      return [{ does: 'the barrier resolves', state: withWriter(state, i, { stage: 'acked', ...RESOLVED }) }];
    case 'acked':
      // What was promised is about what had been committed: a commit after it is what a reader is owed all the same.
      if (!early || writer.floor > 0) return [];
      return [{ does: commits, state: withWriter(committed, i, { floor: committed.row }) }];
  }
}

const RESOLVED = { resolved: true, known: true, owed: 0 };

const named = ({ by, tag, soft }: WriterSpec): string =>
  `P${by + 1} invalidates ${tag}${soft ? ' softly' : ''}`;

function call(state: State, i: number, spec: WriterSpec, { rules, scenario }: World): Step {
  const called = withWriter(state, i, {
    stage: 'sent',
    floor: rules.invalidationsFollowTheCommit ? state.row : 0,
    barrier: spec.barrier ? scenario.delta : 0,
  });
  const processes = replaceAt(state.processes, spec.by, heeded(state.processes[spec.by]!, spec, rules));
  return { does: named(spec), state: { ...called, processes } };
}

/** What the process does before it tells Redis. */
function heeded(process: Process, { tag, soft }: WriterSpec, rules: Rules): Process {
  const left = leaveQuestions(process);
  if (soft) return soften(rules.softInvalidationsDetachFills ? detach(left, tag, rules) : left, tag);
  const detached = detach(left, tag, rules);
  return rules.processesForgetAtOnce ? forget(detached, tag) : detached;
}

/** What it does once Redis has acknowledged. */
function acknowledged(process: Process, { tag, soft }: WriterSpec, rules: Rules): Process {
  if (!soft) return refuse(process, tag);
  const left = rules.questionsAreLeftOnceSoftened ? leaveQuestions(process) : process;
  return rules.memoryIsSoftenedOnceMore ? soften(left, tag) : left;
}

type Part = 'log' | 'epochs';

/**
 * One script; or, where the epochs are elsewhere, what must not be in any other order. A question reads the epochs of one
 * home, so that it makes no difference to it when those of other homes are turned.
 */
function partsOf({ apart }: WriterSpec, rules: Rules): readonly (readonly Part[])[] {
  if (!rules.theLogIsWrittenBeforeEpochsGo) return [['epochs'], ['log']];
  if (!apart) return [['log', 'epochs']];
  return rules.theLogIsWrittenBehindEpochsApart ? [['log'], ['epochs'], ['log']] : [['log'], ['epochs']];
}

function applyNext(state: State, i: number, spec: WriterSpec, world: World): Step {
  const parts = partsOf(spec, world.rules);
  const { steps } = state.writers[i]!;
  const now = parts[steps]!;
  const done = now.reduce((before, part) => applyPart(before, spec, part), state);
  const over = steps + 1 === parts.length;
  return {
    does: `Redis invalidates ${spec.tag}: ${now.join(', ')}`,
    state: withWriter(done, i, over ? { stage: 'applied', steps: 0 } : { steps: steps + 1 }),
  };
}

function applyPart(state: State, spec: WriterSpec, part: Part): State {
  const { by, tag, soft = false, full = false } = spec;
  const { redis } = state;
  if (part === 'epochs') return { ...state, redis: dropEpoch(redis, tag, soft && !full) };
  return { ...state, redis: full ? { ...redis, log: null } : append(redis, { tags: tag, soft, by }) };
}

function acknowledge(state: State, i: number, spec: WriterSpec, { rules, scenario }: World): Step {
  const processes = replaceAt(state.processes, spec.by, acknowledged(state.processes[spec.by]!, spec, rules));
  const acked = { ...state, processes };
  return {
    does: `P${spec.by + 1} hears the acknowledgement`,
    state: spec.barrier
      ? withWriter(acked, i, {
          stage: 'waiting',
          ...(rules.barriersCountFromTheAck && { barrier: scenario.delta }),
        })
      : withWriter(acked, i, { stage: 'acked', ...RESOLVED, owed: scenario.delta }),
  };
}

/** It commits, and empties Redis by hand. */
function flushing(state: State, i: number, { scenario }: World): Step[] {
  if (state.writers[i]!.stage !== 'idle') return [];
  const row = state.row + 1;
  const flushed = { ...state, row, redis: emptied(state.redis) };
  return [
    {
      does: `version ${row} is restored, and FLUSHALL`,
      state: withWriter(flushed, i, { stage: 'acked', floor: row, ...RESOLVED, owed: scenario.delta }),
    },
  ];
}

function failing(state: State, i: number, { by }: WriterSpec): Step[] {
  const { left } = state;
  const { stage, resolved } = state.writers[i]!;
  const steps: Step[] = [];
  if (left.pending > 0 && !resolved && (stage === 'sent' || stage === 'applied')) {
    const pending = { ...state, left: { ...left, pending: left.pending - 1 } };
    const does = `P${by + 1} waits no longer: pending`;
    steps.push({ does, state: withWriter(pending, i, { resolved: true }) });
  }
  if (left.resend > 0 && stage === 'applied') {
    const lost = { ...state, left: { ...left, resend: left.resend - 1 } };
    const does = `the acknowledgement is lost, P${by + 1} sends it again`;
    steps.push({ does, state: withWriter(lost, i, { stage: 'sent' }) });
  }
  return steps;
}
