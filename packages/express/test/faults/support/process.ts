import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { type RedisPlace, type RedisTierOptions, redisTier } from '@larder/redis';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import {
  createLarder,
  type Invalidation,
  type LarderOptions,
  type Matching,
  type MemoryOptions,
  type Policy,
} from '../../../src/index.ts';
import { type Behaviour, behaviours, Failure } from './behaviours.ts';
import { Ledger } from './ledger.ts';
import { type MortalPlace, mortalClient } from './mortal.ts';
import { PATIENT } from './patient.ts';

/** A shop in a process of its own, which does what the test tells it to. */
export interface Setup {
  readonly redis: Exclude<RedisPlace, URL>;
  readonly namespace: string;
  readonly policy: Omit<Policy, 'tags' | 'key' | 'partition' | 'skip'>;
  readonly fills: NonNullable<LarderOptions['fills']>;
  /** It will be told when to die, and must count what it writes to Redis. */
  readonly mortal: boolean;
  /** Absent: as patient as a busy machine needs it. */
  readonly tier?: RedisTierOptions;
  /** Absent: as much as is usual. `false`: every request asks Redis. */
  readonly memory?: MemoryOptions | false;
  /** Absent: memory follows what others invalidate, a second behind at most. */
  readonly coherence?: LarderOptions['coherence'];
  /** A module whose default export comes before the cache on its route. */
  readonly before?: string;
}

/** One run of the handler; times are of the machine's one clock, in µs, so that processes can be compared. */
export interface Run {
  readonly run: number;
  readonly path: string;
  /** No client is behind it. */
  readonly unseen: boolean;
  readonly began: number;
  ended: number | undefined;
}

const setup = JSON.parse(process.env.SETUP!) as Setup;
const mortal = setup.mortal ? await mortalClient(setup.redis as MortalPlace) : undefined;
const ledger = new Ledger();
const larder = createLarder({
  namespace: setup.namespace,
  redis: redisTier(mortal?.client ?? setup.redis, setup.tier ?? PATIENT),
  fills: setup.fills,
  observe: ledger.observe,
  ...(setup.memory !== undefined && { memory: setup.memory }),
  ...(setup.coherence !== undefined && { coherence: setup.coherence }),
});

const troubles: string[] = [];
process.on('uncaughtException', (error) => troubles.push(`uncaught: ${error.stack}`));
process.on('unhandledRejection', (reason) => troubles.push(`unhandled: ${String(reason)}`));

const microseconds = () => Number(process.hrtime.bigint() / 1000n);
const runs: Run[] = [];
/** By path. */
const running = new Map<string, number>();
const endedOf = new Map<string, number>();
const gates = new Set<() => void>();
let behaving: readonly Behaviour[] = ['answers'];
let held = false;
let made = 0;
let arrived = 0;
let gone = 0;
let leaving: 'no' | 'yes' | 'ready' = 'no';
let [atOnce, mostAtOnce, mostOfOnePath] = [0, 0, 0];
/** At the beginning of each run: how many run, itself included, and how many have ended. */
const crowding: { path: string; running: number; ended: number }[] = [];
let heaviest = 0;

function weigh(): void {
  heaviest = Math.max(heaviest, process.memoryUsage().rss);
}

function enter(path: string): () => void {
  const ofPath = (running.get(path) ?? 0) + 1;
  running.set(path, ofPath);
  atOnce += 1;
  mostAtOnce = Math.max(mostAtOnce, atOnce);
  mostOfOnePath = Math.max(mostOfOnePath, ofPath);
  crowding.push({ path, running: ofPath, ended: endedOf.get(path) ?? 0 });
  return () => {
    atOnce -= 1;
    running.set(path, running.get(path)! - 1);
    endedOf.set(path, (endedOf.get(path) ?? 0) + 1);
  };
}

async function handle(req: Request, res: Response): Promise<void> {
  const leave = enter(req.path);
  made += 1;
  const run: Run = {
    run: made,
    path: req.path,
    unseen: !(req.socket instanceof Socket),
    began: microseconds(),
    ended: undefined,
  };
  runs.push(run);
  const [now, ...then] = behaving;
  if (then.length > 0) behaving = then;
  const gate = () => (held ? new Promise<void>((open) => gates.add(open)) : Promise.resolve());
  try {
    const said = { path: req.path, by: process.pid, run: run.run, began: run.began };
    await behaviours[now!]({ req, res, said, gate, weigh });
  } finally {
    run.ended = microseconds();
    leave();
  }
}

const failed: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent || !(error instanceof Failure)) return next(error);
  res.status(500).json(error.said);
};

const app = express();
// An entity tag would have entries kept past their windows, to be validated.
app.set('etag', false);
// Express would print every error that a test has it make.
app.set('env', 'test');
const before = setup.before === undefined ? [] : [(await import(setup.before)).default as RequestHandler];
/** `/name/tag/tag` */
const namedIn = ({ path }: Request): string[] => path.split('/').slice(2);
const tags = (req: Request) => ['thing', ...namedIn(req)];
app.get('/*path', ...before, larder.cacheResponse({ ...setup.policy, tags }), handle);
app.put('/*path', larder.invalidates(namedIn), handle);
app.use(failed);

const server = createServer(app);
server.on('request', (_req, res) => {
  arrived += 1;
  let finished = false;
  res.on('finish', () => {
    finished = true;
  });
  res.on('close', () => {
    if (!finished) gone += 1;
  });
});

/** What a test may ask of a shop, over IPC. */
const calls = {
  /** One behaviour a run, the last for all further ones; runs that are held wait at their gates. */
  behave(how: Behaviour | readonly Behaviour[], gated: 'held' | 'free' = 'free') {
    behaving = typeof how === 'string' ? [how] : how;
    held = gated === 'held';
  },
  /** Lets those go on that wait at their gates now. */
  go() {
    for (const open of gates) open();
    gates.clear();
  },
  /** No gates any more. */
  free() {
    held = false;
    calls.go();
  },
  runs: (path: string) => runs.filter((run) => run.path === path),
  invalidate: (tags: string | readonly string[], how?: Invalidation) => larder.cache.invalidate(tags, how),
  invalidateAll: () => larder.cache.invalidateAll(),
  invalidateMatching: (matching: Matching) => larder.cache.invalidateMatching(matching),
  /** Each in a call of its own, all at once. */
  invalidateEach: (groups: readonly (readonly string[])[]) =>
    Promise.all(groups.map((tags) => larder.cache.invalidate(tags))),
  /** To kill itself once Redis has executed so many more of its commands that write. */
  dieBehind: (writes: number) => mortal!.dieBehind(writes),
  /** To send no more than so many of them, for now. */
  pauseBehind: (writes: number) => mortal!.pauseBehind(writes),
  written: () => mortal!.written(),
  told: () => ledger.told(),
  turn: (on: boolean) => (on ? larder.cache.enable() : larder.cache.disable()),
  close: () => larder.close(),
  /** Lets go of what it knows of runs, which is more than the cache keeps of them. */
  forget() {
    for (const known of [runs, crowding]) known.length = 0;
    endedOf.clear();
    running.clear();
  },
  memory() {
    globalThis.gc!();
    return { ...process.memoryUsage(), heaviest };
  },
  state() {
    return {
      troubles,
      arrived,
      gone,
      atOnce,
      mostAtOnce,
      mostOfOnePath,
      crowding,
      runs: made,
      leaving,
      resources: process.getActiveResourcesInfo(),
    };
  },
};

export type Calls = typeof calls;

interface Call {
  readonly id: number;
  readonly name: keyof Calls;
  readonly args: readonly unknown[];
}

process.on('message', async ({ id, name, args }: Call) => {
  const call = calls[name] as (...args: readonly unknown[]) => unknown;
  process.send!({ id, value: await call(...args) });
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', async () => {
  leaving = 'yes';
  server.close();
  await larder.close();
  leaving = 'ready';
  // Nothing but what it still has to do keeps it from here on.
  process.channel?.unref();
});
process.on('exit', () => {
  if (troubles.length > 0) process.exitCode = 1;
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
