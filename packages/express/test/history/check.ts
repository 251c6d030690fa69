import type { Delivery, XCache } from '@larder/core';

/** All times are of the machine's one clock, in µs, which processes share. */
export interface Read {
  readonly process: string;
  readonly item: number;
  /** Its route asks Redis at every read. */
  readonly strict: boolean;
  /** Before the request was sent. */
  readonly start: number;
  readonly end: number;
  readonly version: number;
  readonly x: XCache;
  /** What happened meanwhile. */
  readonly during: string;
}

export type How = 'route' | 'call' | 'soft' | 'barrier' | 'outbox';

export interface Write {
  readonly process: string;
  readonly item: number;
  readonly how: How;
  readonly start: number;
  /** When its answer was there; undefined where there was none. */
  readonly ack?: number | undefined;
  /** What it has committed; undefined where nobody knows. */
  readonly version?: number | undefined;
  /** What its process says of the invalidation. */
  readonly state?: Delivery | undefined;
  /** When it was known that Redis has been told after all. */
  readonly delivered?: number | undefined;
}

/** How long after it is known an older version may be given, in µs: to the writing process, and to any by what they were promised. */
export const BOUNDS = { own: 0, strict: 0, barrier: 0, others: 1_000_000 } as const;
export type Bound = keyof typeof BOUNDS;
const NAMES = Object.keys(BOUNDS) as Bound[];

export interface Kept {
  /** Reads that were not allowed everything. */
  readonly checked: number;
  readonly violations: number;
  /** The longest that an older version was given after a newer one was known, in µs. */
  readonly stalest: number;
}

export interface Share {
  readonly reads: number;
  readonly hits: number;
  readonly violations: number;
}

export interface Findings {
  readonly bounds: Readonly<Record<Bound, Kept>>;
  readonly during: Readonly<Record<string, Share>>;
  readonly stale: number;
  /** A line each. */
  readonly violations: readonly string[];
}

/** Since when, and by whom, a version was known to those whom a bound is about. */
interface Known {
  readonly bound: Bound;
  readonly since: number;
  readonly version: number;
  readonly write: Write;
}

/** Finds, in one pass along the clock, every read that was given less than had to be known when it began. */
export function check(reads: readonly Read[], writes: readonly Write[]): Findings {
  const known = writes.flatMap(knownBy).sort((a, b) => a.since - b.since);
  const ledger = new Ledger();
  const found = new Tally();
  let next = 0;
  for (const read of reads.toSorted((a, b) => a.start - b.start)) {
    while (next < known.length && known[next]!.since < read.start) ledger.add(known[next++]!);
    found.add(read, ledger);
  }
  return found;
}

/** What is promised of a write: nothing to others while it is pending, and nothing to anybody if its answer never came. */
function knownBy(write: Write): Known[] {
  const { version, ack, state, delivered, how } = write;
  if (version === undefined) return [];
  const entry = (bound: Bound, since: number): Known => ({ bound, since, version, write });
  const answered = state === undefined ? undefined : ack;
  const everywhere = state === 'done' ? (answered ?? delivered) : delivered;
  return [
    ...(answered === undefined ? [] : [entry('own', answered)]),
    ...(everywhere === undefined ? [] : [entry('strict', everywhere), entry('others', everywhere)]),
    ...(answered !== undefined && state === 'done' && how === 'barrier' ? [entry('barrier', answered)] : []),
  ];
}

/** Versions in the order in which they became known, each newer than those before it. */
class Ledger {
  readonly #known = new Map<string, Known[]>();

  add(known: Known): void {
    const { bound, write } = known;
    // What was invalidated softly may still be given by who says that it is stale.
    const kinds = write.how === 'soft' ? [false] : [false, true];
    for (const stale of kinds) {
      const key = keyOf(bound, write.process, write.item, stale);
      const before = this.#known.get(key) ?? [];
      this.#known.set(key, before);
      if (known.version > (before.at(-1)?.version ?? -1)) before.push(known);
    }
  }

  of(bound: Bound, { process, item, x }: Read): readonly Known[] {
    return this.#known.get(keyOf(bound, process, item, x === 'STALE')) ?? [];
  }
}

const keyOf = (bound: Bound, process: string, item: number, stale: boolean): string =>
  `${bound} ${bound === 'own' ? process : ''} ${item} ${stale}`;

/** The first that was newer. */
function newer(known: readonly Known[], version: number): Known | undefined {
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known[middle]!.version > version) high = middle;
    else low = middle + 1;
  }
  return known[low];
}

const NOTHING: Kept = { checked: 0, violations: 0, stalest: 0 };

class Tally implements Findings {
  readonly bounds: Record<Bound, Kept> = { own: NOTHING, strict: NOTHING, barrier: NOTHING, others: NOTHING };
  readonly during: Record<string, Share> = {};
  readonly violations: string[] = [];
  stale = 0;

  add(read: Read, ledger: Ledger): void {
    const broken = NAMES.filter(
      (bound) => (bound !== 'strict' || read.strict) && this.#weigh(bound, read, ledger),
    );
    const [first] = broken;
    if (first !== undefined) this.violations.push(lineOf(read, newer(ledger.of(first, read), read.version)!));
    if (read.x === 'STALE') this.stale += 1;
    const { reads, hits, violations } = this.during[read.during] ?? { reads: 0, hits: 0, violations: 0 };
    this.during[read.during] = {
      reads: reads + 1,
      hits: hits + Number(read.x === 'HIT'),
      violations: violations + Number(first !== undefined),
    };
  }

  /** Whether it breaks the bound. */
  #weigh(bound: Bound, read: Read, ledger: Ledger): boolean {
    const known = ledger.of(bound, read);
    const allowed = read.start - BOUNDS[bound];
    const missed = newer(known, read.version);
    const broken = missed !== undefined && missed.since < allowed;
    const { checked, violations, stalest } = this.bounds[bound];
    this.bounds[bound] = {
      checked: checked + Number(known.length > 0 && known[0]!.since < allowed),
      violations: violations + Number(broken),
      stalest: Math.max(stalest, missed === undefined ? 0 : read.start - missed.since),
    };
    return broken;
  }
}

function lineOf(read: Read, { bound, since, write }: Known): string {
  const { item, process, x, strict, start, end, version, during } = read;
  const late = start - since - BOUNDS[bound];
  return [
    `item ${item} of ${process} was version ${version} (${x}${strict ? ', strict' : ''}; ${start}–${end} µs; ${during}),`,
    `asked for ${late} µs after version ${write.version} had to be known (${bound}):`,
    `written by ${write.process} (${write.how}, ${write.state ?? 'unknown'}; ${write.start}–${write.ack ?? ''} µs; known at ${since})`,
  ].join(' ');
}

/** Of two parts of one history. */
export function together(a: Findings, b: Findings): Findings {
  const bounds = { ...a.bounds };
  for (const name of NAMES) bounds[name] = keptIn(a.bounds[name], b.bounds[name]);
  const during = { ...a.during };
  for (const [name, share] of Object.entries(b.during)) during[name] = sumOf(during[name], share);
  return { bounds, during, stale: a.stale + b.stale, violations: [...a.violations, ...b.violations] };
}

const keptIn = (a: Kept, b: Kept): Kept => ({
  checked: a.checked + b.checked,
  violations: a.violations + b.violations,
  stalest: Math.max(a.stalest, b.stalest),
});

const sumOf = (a: Share | undefined, b: Share): Share =>
  a === undefined
    ? b
    : { reads: a.reads + b.reads, hits: a.hits + b.hits, violations: a.violations + b.violations };
