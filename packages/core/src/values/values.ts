import type { Background } from '../background.ts';
import type { Clock } from '../clock.ts';
import { Collapser, type CollapserParts } from '../collapse/collapser.ts';
import type { Lead } from '../collapse/lead.ts';
import { refreshTeller } from '../collapse/outcome.ts';
import type { Sightings } from '../collapse/remembered.ts';
import { jittered } from '../early.ts';
import { loadTooSlow } from '../errors.ts';
import type { CacheEvent, Observer, RefreshOutcome } from '../events.ts';
import type { Random } from '../random.ts';
import { aside } from '../store/budget.ts';
import type { Snapshot, Store } from '../store/store.ts';
import type { Tag } from '../tags.ts';
import { decode, encode } from './json.ts';
import { type Slot, slotOf, type ValueOptions } from './options.ts';
import { type Kept, ValueQuestion, valueIn } from './question.ts';
import { stored } from './stored.ts';

export interface ValuesContext {
  readonly namespace: string;
  readonly keyspace: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly lagMs: number;
  readonly observe: Observer;
  readonly collapsing: CollapserParts;
  readonly background: Background;
  readonly sightings: Sightings;
  /** Nothing is to be kept, or given out of what is. */
  readonly isOff: () => boolean;
}

type Load = () => unknown;
type RefreshReason = Extract<CacheEvent, { type: 'refresh' }>['reason'];

/** Of what is not a response, in events. */
const ROUTE = '(value)';

/**
 * Cache-aside for values. They are kept as JSON, so every reader has a copy of its own and the first call
 * returns what the second will: what JSON does not keep (a Date, a Map, undefined members) is not there at
 * the first call either.
 */
export class Values {
  readonly #context: ValuesContext;
  readonly #collapser: Collapser<Kept>;

  constructor(context: ValuesContext) {
    this.#context = context;
    this.#collapser = new Collapser(context.collapsing);
  }

  detach(tags: readonly Tag[]): void {
    this.#collapser.detach(tags);
  }

  close(): Promise<void> {
    return this.#collapser.close();
  }

  async getOrSet<T>(key: string, options: ValueOptions, load: () => Promise<T> | T): Promise<T> {
    const { keyspace, clock } = this.#context;
    const slot = slotOf(keyspace, key, options);
    const beganMs = clock.monotonicMs();
    if (this.#context.isOff()) return this.#told('bypass', beganMs, this.#asKept(await load()) as T);
    const question = new ValueQuestion(
      { ...this.#context, refresh: (slot, reason, entry) => this.#refresh(slot, reason, entry, load) },
      slot,
    );
    const asked = await this.#collapser.ask(question);
    if (asked.kind === 'answer')
      return this.#told(asked.answer.outcome, beganMs, decode(asked.answer.entry.payload.body) as T);
    try {
      return this.#told(
        'miss',
        beganMs,
        (await this.#load(slot, asked.lead, load, question.prepared)).value as T,
      );
    } catch (error) {
      const covered = await question.cover();
      if (covered === undefined) throw error;
      this.#failed('load a value', error);
      return this.#told('stale', beganMs, decode(covered.entry.payload.body) as T);
    }
  }

  /** Loads behind an answer, if nobody else does. True when it has begun. */
  #refresh(slot: Slot, reason: RefreshReason, old: Kept, load: Load): boolean {
    const isNewer = ({ payload }: Kept) => payload.freshUntil > old.payload.freshUntil;
    return this.#refreshUnless(isNewer, slot, reason, load);
  }

  /** Loads where the value is not there, or would end within `aheadMs`; one process at a time. */
  async keepAhead(slot: Slot, load: Load, aheadMs: number): Promise<void> {
    const { clock, store } = this.#context;
    const lasts = ({ payload }: Kept) => payload.freshUntil - clock.now() >= aheadMs;
    const entry = await valueIn(store, slot, 'none');
    if (entry === undefined || !lasts(entry)) this.#refreshUnless(lasts, slot, 'scheduled', load);
  }

  /** Loads with nobody waiting, unless `isDone` says of what is kept by then that somebody else has. */
  #refreshUnless(isDone: (entry: Kept) => boolean, slot: Slot, reason: RefreshReason, load: Load): boolean {
    const { background, store } = this.#context;
    const lead = background.closing
      ? undefined
      : this.#collapser.elect(slot.key, slot.tags, reason === 'slow');
    if (lead === undefined) return false;
    const told = refreshTeller(this.#context, ROUTE, reason);
    const look = async (confirmed: boolean) => {
      const entry = await valueIn(store, slot, confirmed ? 'none' : undefined);
      return entry !== undefined && isDone(entry)
        ? ({ kind: 'answer', answer: entry, result: entry } as const)
        : ({ kind: 'absent', key: slot.key } as const);
    };
    const work = async (): Promise<RefreshOutcome> => {
      const contended = await this.#collapser.contend(lead, { look }, slot.key);
      if (contended.kind === 'run' && !background.closing)
        return (await this.#load(slot, lead, load)).outcome;
      lead.land({ kind: 'again' });
      return 'dropped';
    };
    background.add(
      aside(work)
        .catch((error): RefreshOutcome => {
          this.#failed('load a value', error);
          lead.land({ kind: 'failed' });
          return lead.landing?.kind === 'again' ? 'dropped' : 'failed';
        })
        .then(async (outcome) => {
          told(outcome);
          await lead.released;
        }),
    );
    return true;
  }

  /** Loads and stores what can be stored; fails as the load does, or when it takes too long. */
  async #load(slot: Slot, lead: Lead<Kept>, load: Load, prepared?: Promise<Snapshot>): Promise<Loaded> {
    const { clock, store, collapsing, background } = this.#context;
    const timeout = slot.fillTimeout ?? collapsing.limits.fillTimeout;
    lead.begin(timeout * 1000);
    const tooSlow = lead.over.then(() => {
      if (lead.landing?.kind === 'failed') throw loadTooSlow(timeout);
      // One for all would remember everybody who has ever waited for it.
      return new Promise<never>(() => {});
    });
    try {
      const snapshot = await (prepared ?? store.snapshot(slot.tags, slot.key));
      const beganMs = clock.monotonicMs();
      const loading = lead.within(async () => load());
      const value = await Promise.race([loading, tooSlow]);
      const body = this.#encode(value);
      if (body === undefined) {
        lead.land({ kind: 'unshared', reason: 'not-json' });
        return { value, outcome: Promise.resolve('unstored') };
      }
      const entry = this.#entry(slot, body, value, clock.monotonicMs() - beganMs);
      const isKept = this.#isKept(slot, value);
      if (!isKept) await this.#forget(slot);
      // Nobody here waits for it to be stored.
      const outcome = isKept ? stored(snapshot, entry) : Promise.resolve('unstored' as const);
      background.add(outcome.then(() => {}));
      lead.land({ kind: 'shared', result: entry }, outcome);
      return { value: decode(body), outcome };
    } catch (error) {
      lead.land({ kind: 'failed' });
      throw error;
    } finally {
      tooSlow.catch(() => {});
    }
  }

  #entry(slot: Slot, body: Buffer, value: unknown, costMs: number): Kept {
    const { clock, random } = this.#context;
    const negative = isNothing(value);
    const lifetime = negative ? (slot.negativeTtl ?? 0) : slot.ttl;
    const freshUntil = clock.now() + jittered(lifetime, slot.jitter, random()) * 1000;
    // What has come to be there is not to be missed for longer than was said.
    const [revalidate, ifError] = negative ? [0, 0] : [slot.staleWhileRevalidate, slot.staleIfError];
    const staleWhileRevalidateUntil = freshUntil + revalidate * 1000;
    const staleIfErrorUntil = freshUntil + ifError * 1000;
    return {
      key: slot.key,
      tags: slot.tags,
      retainUntil: Math.max(staleWhileRevalidateUntil, staleIfErrorUntil),
      payload: { kind: 'value', freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil, costMs, body },
    };
  }

  /** That there is nothing is kept only where somebody asks for it again. */
  #isKept({ key, negativeTtl }: Slot, value: unknown): boolean {
    if (!isNothing(value)) return true;
    return negativeTtl !== undefined && this.#context.sightings.again(key);
  }

  /** What is not there any more is given to nobody, whatever was to be given instead of it for a while. */
  async #forget(slot: Slot): Promise<void> {
    const { store } = this.#context;
    if ((await valueIn(store, slot)) !== undefined) await store.invalidate([slot.own]);
  }

  /** Undefined for what JSON cannot say, which the observer is told. */
  #encode(value: unknown): Buffer | undefined {
    try {
      return encode(value);
    } catch (error) {
      this.#failed('encode a value', error);
      return undefined;
    }
  }

  /** What a reader of the kept value would get. */
  #asKept(value: unknown): unknown {
    const body = this.#encode(value);
    return body === undefined ? value : decode(body);
  }

  #failed(doing: string, error: unknown): void {
    const { namespace, observe } = this.#context;
    observe({ type: 'error', namespace, doing, error });
  }

  #told<T>(outcome: Extract<CacheEvent, { type: 'value' }>['outcome'], beganMs: number, value: T): T {
    const { namespace, clock, observe } = this.#context;
    observe({ type: 'value', namespace, outcome, seconds: (clock.monotonicMs() - beganMs) / 1000 });
    return value;
  }
}

const isNothing = (value: unknown): boolean => value === undefined || value === null;

interface Loaded {
  readonly value: unknown;
  readonly outcome: Promise<RefreshOutcome>;
}
