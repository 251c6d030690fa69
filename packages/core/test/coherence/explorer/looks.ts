import { detach, endSession, forget, soften, withProcess } from './process.ts';
import { newsSince, openLog, positionIn } from './redis.ts';
import type { LogEntry, Look, Process, State, Step, World } from './state.ts';

/**
 * How a process follows the log. What a look finds was written before it was answered, so all that was written before it
 * was sent is known. That there is something to look for it is told by messages, which may be lost: it looks at any time.
 */
export function looks(state: State, at: number, world: World): Step[] {
  const process = state.processes[at]!;
  const { look } = process;
  const name = `P${at + 1}`;
  const step = (does: string, change: Partial<Process>, redis = state.redis): Step[] => [
    { does, state: { ...withProcess(state, at, change), redis } },
  ];
  if (look === null) return step(`${name} looks at the log`, { look: begun(process, world) });
  if (look.stage === 'told') return step(...told(name, process, look, at, world));
  if (look.stage === 'placed')
    return step(`${name} begins a session`, held({ ...process, position: look.position }, look, world));
  if (process.link === 'down') return [];
  if (look.stage === 'news') {
    const news = newsSince(state.redis, look.position, world.rules);
    const does = `Redis ${news === null ? 'cannot tell' : 'tells'} ${name} what is new in the log`;
    return step(does, { look: { ...look, stage: 'told', news } });
  }
  const redis = openLog(state.redis);
  const placed: Look = { ...look, stage: 'placed', position: positionIn(redis) };
  return step(`Redis tells ${name} where the log is`, { look: placed }, redis);
}

const begun = ({ position }: Process, { scenario }: World): Look => ({
  stage: position === '' ? 'places' : 'news',
  until: scenario.delta,
  news: null,
  position,
});

function told(name: string, process: Process, look: Look, at: number, world: World): [string, Process] {
  const { rules } = world;
  if (look.news === null && rules.gapsAreNoticed) {
    const anew: Process = { ...process, position: '', look: { ...look, stage: 'places', position: '' } };
    return [`${name} ends its session`, rules.gapsEndSessions ? endSession(anew) : anew];
  }
  const news = look.news ?? [];
  const others = news.filter(({ by }) => by !== at && rules.othersAreHeard);
  const heard = rules.newsIsHandled
    ? others.reduce((before, entry) => hear(before, entry, world), process)
    : process;
  const position = news.at(-1)?.id ?? process.position;
  const of = others.map(({ tags, soft }) => `${tags}${soft ? ' softly' : ''}`).join(', ');
  return [`${name} hears of ${of || 'nothing new'}`, held({ ...heard, position }, look, world)];
}

function hear(process: Process, { tags, soft }: LogEntry, { rules }: World): Process {
  if (tags === '') return process;
  return soft ? soften(process, tags) : detach(forget(process, tags), tags, rules);
}

const held = (process: Process, { until }: Look, { rules, scenario }: World): Process => ({
  ...process,
  look: null,
  lease: rules.leasesCountFromTheSending ? until : scenario.delta,
});
