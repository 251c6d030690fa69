import { positionIn } from './redis.ts';
import type {
  Copy,
  Data,
  Epoch,
  Epochs,
  Flight,
  LogEntry,
  Look,
  Process,
  Reader,
  Response,
  State,
  Writer,
} from './state.ts';

/**
 * The same text for states that nothing can tell apart: names are numbers, those that nothing will be compared with
 * again are all one, and what waits side by side has no order. By hand, for nothing else takes as long.
 */
export function encode({ row, redis, processes, writers, left }: State): string {
  const { saved } = redis;
  const comparable = [...epochsOf(redis), ...(saved === null ? [] : epochsOf(saved))];
  const names = new Names(
    comparable,
    [redis, saved].flatMap((of) => (of?.log ? [of.log] : [])),
  );
  const positions = processes.flatMap(({ position, look, flights }) => [
    position,
    look?.position ?? '',
    ...flights.map((of) => of.position),
  ]);
  const data = (of: Data) => `${names.all(of.epochs)}${names.response(of.entry)}${log(of, positions)}`;
  // Whoever reads now where the log is may look for that in what was saved.
  const before = saved === null ? '' : `${data(saved)}${names.position(positionIn(redis))}`;
  const held = `${row}${data(redis)}${sorted(redis.wire, names.response)}${before}`;
  const faults = `${left.pending}${left.resend}${left.loss}${left.trim}${left.save}${left.restart}`;
  return `${held}|${processes.map((of) => process(of, names)).join('|')}|${writers.map(writer).join('')}|${faults}`;
}

const epochsOf = ({ epochs }: Data): Epoch[] => [epochs.T, epochs.L, epochs.N];

/** What is left of names when all that matters is which are the same. */
class Names {
  readonly #comparable: readonly Epoch[];
  readonly #logs: readonly (readonly LogEntry[])[];

  constructor(comparable: readonly Epoch[], logs: readonly (readonly LogEntry[])[]) {
    this.#comparable = comparable;
    this.#logs = logs;
  }

  epoch(epoch: Epoch): string {
    if (epoch === '') return '_';
    const same = this.#comparable.indexOf(epoch);
    if (same >= 0) return String(same);
    const hard = epoch.slice(0, epoch.indexOf('/') + 1);
    const alike = this.#comparable.findIndex((other) => other.startsWith(hard));
    return alike < 0 ? 'x' : `s${alike}`;
  }

  position(position: string): string {
    if (position === '') return '';
    let places = '@';
    for (const log of this.#logs) {
      const at = log.findLastIndex(({ id }) => id === position);
      places += at < 0 ? 'x' : log.length - at;
    }
    return places;
  }

  readonly all = ({ T, L, N }: Epochs): string => this.epoch(T) + this.epoch(L) + this.epoch(N);

  readonly response = (of: Response | null): string => (of === null ? '' : of.version + this.all(of.epochs));
}

/** Of what a log says, from where somebody is going to read it. */
function log({ log }: Data, positions: readonly string[]): string {
  if (log === null || log.length === 0) return '-';
  const read = log.findIndex(({ id }) => positions.includes(id));
  return read < 0 ? '+' : `${log.slice(read + 1).map(logged)}+`;
}

const logged = ({ tags, soft, by }: LogEntry): string => `${tags}${soft ? '~' : ''}${by}`;

const sorted = <T>(items: readonly T[], text: (item: T) => string): string =>
  items.length < 2 ? items.map(text).join() : items.map(text).sort().join();

const bit = (is: boolean): string => (is ? '+' : '-');

const reader = ({ floor, freshFloor, strict, joined, checks }: Reader): string =>
  `${floor}${freshFloor}${bit(strict)}${bit(joined)}${bit(checks)}`;

const flight = (of: Flight, names: Names): string =>
  `${of.stage}${sorted(of.readers, reader)}:${bit(of.left)}${of.until}${bit(of.current)}${of.touched}/${of.softened}/${of.refused}(${names.response(of.response)})${bit(of.stale)}${bit(of.untouched)}${names.position(of.position)}`;

const look = (of: Look | null, names: Names): string =>
  of === null
    ? ''
    : `${of.stage}${of.until}${of.news === null ? '' : `[${of.news.map(logged)}]${names.position(of.news.at(-1)?.id ?? '')}`}${names.position(of.position)}`;

/** Of epochs that are not going to be compared, which there are. */
const copy = (of: Copy | null, names: Names): string =>
  of === null
    ? ''
    : `${of.read ? names.response(of) : `${of.version}${bit(of.epochs.L !== '')}`}${of.until}${bit(of.current)}${bit(of.stale)}`;

const process = (of: Process, names: Names): string =>
  `${of.link}${names.position(of.position)}:${of.lease}<${look(of.look, names)}>${copy(of.copy, names)}{${sorted(of.flights, (held) => flight(held, names))}}`;

const writer = (of: Writer): string =>
  `${of.stage}${of.steps}${of.floor}${bit(of.resolved)}${bit(of.known)}${of.owed}${of.barrier}`;
