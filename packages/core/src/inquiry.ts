import {
  type Answer,
  collapsed,
  covered,
  forwardOf,
  hit,
  isForItself,
  isForPart,
  isWithCredentials,
  type Refresh,
  type RefreshReason,
  type Reused,
  runsAlone,
  UNANSWERED,
} from './answer.ts';
import type { Clock } from './clock.ts';
import type { Flight } from './collapse/flight.ts';
import type { Question, Seen } from './collapse/question.ts';
import { isDueEarly } from './early.ts';
import { coverableUntil, type Entry, type StoredResponse } from './entry.ts';
import type { Forward } from './http/cache-status.ts';
import { type Demands, demandsOf } from './http/demands.ts';
import { evaluate } from './http/reuse.ts';
import { matches } from './http/vary.ts';
import type { CacheKey } from './key.ts';
import { type Found, lookup, type Wanted } from './lookup.ts';
import type { StoringRules } from './policy.ts';
import type { Random } from './random.ts';
import type { Snapshot, Store, Trust } from './store/store.ts';
import type { Tag } from './tags.ts';

type Stored = Entry<StoredResponse>;
type Look = Seen<Stored, Answer>;

export interface InquiryContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Ms that a copy in this process may lag behind what others have invalidated. */
  readonly lagMs: number;
  /** Why responses of the key are known not to be shared. */
  reasonFor(key: CacheKey): string | undefined;
  /** The right to make anew what the inquiry has found; undefined when it is somebody else's. */
  elect(inquiry: Inquiry, reason: RefreshReason): Refresh | undefined;
  /** A fill that nobody waits for. */
  alone(inquiry: Inquiry): Promise<Answer>;
}

/** One request's question, and what was found for it last. */
export class Inquiry implements Question<Stored, Answer> {
  readonly wanted: Wanted;
  readonly rules: StoringRules;
  /** What the last look found, and why it was not the answer. */
  found!: Found;
  fwd!: Forward;
  /** Of the request's tags, asked for along with a look that is the last before the handler, should that find nothing. */
  prepared: Promise<Snapshot> | undefined;
  readonly #context: InquiryContext;
  readonly #demands: Demands;
  readonly #beganMs: number;

  constructor(context: InquiryContext, wanted: Wanted, rules: StoringRules) {
    this.#context = context;
    this.wanted = wanted;
    this.rules = rules;
    this.#demands = demandsOf(wanted.head.fields, rules.granted);
    this.#beganMs = context.clock.monotonicMs();
  }

  get tags(): readonly Tag[] {
    return this.wanted.tags;
  }

  get patienceMs(): number {
    const { softTimeout } = this.rules;
    return softTimeout !== undefined && this.#isCoverable() ? softTimeout * 1000 : Number.POSITIVE_INFINITY;
  }

  async look(confirmed: boolean): Promise<Look> {
    const { wanted, rules } = this;
    const { store } = this.#context;
    this.prepared = confirmed ? store.snapshot(wanted.tags, wanted.key) : undefined;
    const found = await find(store, wanted, rules, confirmed ? 'none' : trustBy(rules));
    const reuse = this.#evaluate(found);
    this.found = found;
    this.fwd = forwardOf(found, reuse);
    if (found.entry !== undefined && reuse.kind !== 'forward') {
      const answer = this.#reused(found.entry, reuse);
      if (answer !== undefined) return answer;
    }
    if (this.#demands.onlyIfCached) return answered(UNANSWERED);
    if (reuse.kind === 'stale' && wanted.head.method === 'HEAD')
      return answered(hit(found.entry!.payload, reuse.ttl));
    if (isForPart(wanted)) return answered(this.#without('range'));
    if (runsAlone(wanted, found, this.fwd, this.#demands)) return answered(await this.#context.alone(this));
    if (reuse.kind === 'stale')
      return answered(hit(found.entry!.payload, reuse.ttl, this.#context.elect(this, 'stale')));
    if (isForItself(wanted, rules)) return answered(await this.#context.alone(this));
    return this.#absent(found);
  }

  /** What its own request selects, and nothing older than it may see. */
  async share(entry: Stored, flight: Flight<Stored>): Promise<Answer | undefined> {
    const { wanted, rules, fwd } = this;
    const { store, clock, lagMs } = this.#context;
    if (!matches(entry.payload.nominated, wanted.head.fields)) return undefined;
    if (isWithCredentials(wanted, rules) && !entry.payload.forEverybody) return undefined;
    // Another process may have invalidated between the fill's beginning and this request's.
    if (!rules.strict && this.#beganMs - flight.startedMs < lagMs)
      return collapsed(entry.payload, fwd, clock.now());
    const { entry: checked } = await find(store, wanted, rules);
    return checked !== undefined && evaluate(checked.payload, clock.now()).kind === 'fresh'
      ? collapsed(checked.payload, fwd, clock.now())
      : undefined;
  }

  async cover(why: 'failed' | 'late'): Promise<Answer | undefined> {
    const { store, clock } = this.#context;
    // Looked for again: what was invalidated meanwhile covers nothing.
    this.found = await find(store, this.wanted, this.rules);
    return this.#isCoverable() ? covered(this.found.entry!.payload, why, clock.now()) : undefined;
  }

  /** What may be used as it is. A stale one for whoever comes first is looked at further. */
  #reused(entry: Stored, reuse: Exclude<Reused, { kind: 'forward' }>): Look | undefined {
    const { payload } = entry;
    const { clock, random } = this.#context;
    if (reuse.kind === 'fresh') {
      const due =
        this.wanted.head.method === 'GET' &&
        isDueEarly(payload, this.rules.earlyRefresh, clock.now(), random);
      const refresh = due ? this.#context.elect(this, 'early') : undefined;
      return { kind: 'answer', answer: hit(payload, reuse.ttl, refresh), result: entry };
    }
    return reuse.byRequest || this.#demands.onlyIfCached ? answered(hit(payload, reuse.ttl)) : undefined;
  }

  #absent({ flightKey }: Found): Look {
    if (this.rules.softTimeout !== undefined && this.#isCoverable()) {
      const refresh = this.#context.elect(this, 'slow');
      if (refresh !== undefined) return answered({ kind: 'refresh', refresh });
    }
    // To hold its body back once more would only cost memory.
    if (this.#context.reasonFor(flightKey) === 'too-large') return answered(this.#without('too-large'));
    return { kind: 'absent', key: flightKey };
  }

  #without(detail: string): Answer {
    return { kind: 'forward', fwd: this.fwd, fill: undefined, detail };
  }

  #isCoverable(): boolean {
    const { entry } = this.found;
    return (
      entry !== undefined && this.fwd === 'stale' && this.#context.clock.now() < coverableUntil(entry.payload)
    );
  }

  #evaluate({ entry, fwd }: Found): Reused {
    if (entry === undefined) return { kind: 'forward', fwd };
    return evaluate(entry.payload, this.#context.clock.now(), this.#demands);
  }
}

const answered = (answer: Answer): Look => ({ kind: 'answer', answer });

/** What is stored for the request, and may be used for who is asking. */
export async function find(
  store: Store,
  wanted: Wanted,
  rules: StoringRules,
  trust: Trust = trustBy(rules),
): Promise<Found> {
  const found = await lookup(store, wanted, trust);
  const forbidden = isWithCredentials(wanted, rules) && found.entry?.payload.forEverybody === false;
  return forbidden ? { ...found, entry: undefined, fwd: 'request' } : found;
}

/** A strict policy takes no copy's word for it. */
const trustBy = ({ strict }: StoringRules): Trust => (strict ? 'confirmed' : 'leased');
