import type { Clock } from '../clock.ts';
import type { Flight } from '../collapse/flight.ts';
import type { Question, Seen } from '../collapse/question.ts';
import { isDueEarly } from '../early.ts';
import { coverableUntil, type Entry, type StoredValue } from '../entry.ts';
import type { Random } from '../random.ts';
import type { Snapshot, Store, Trust } from '../store/store.ts';
import type { Tag } from '../tags.ts';
import type { Slot } from './options.ts';

export type Kept = Entry<StoredValue>;

/** What somebody who asks for a value gets, and how. */
export interface Given {
  readonly outcome: 'hit' | 'stale' | 'collapsed';
  readonly entry: Kept;
}

export interface ValueQuestionContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Ms that a copy in this process may lag behind what others have invalidated. */
  readonly lagMs: number;
  /** Has the value loaded behind the answer, if nobody else does; true when that has begun. */
  refresh(slot: Slot, reason: 'stale' | 'early' | 'slow', entry: Kept): boolean;
}

/** Somebody's question for a value. */
export class ValueQuestion implements Question<Kept, Given> {
  readonly #context: ValueQuestionContext;
  readonly #slot: Slot;
  readonly #beganMs: number;
  #found: Kept | undefined;
  /** Asked for along with a look that is the last before the load, should that find nothing. */
  prepared: Promise<Snapshot> | undefined;

  constructor(context: ValueQuestionContext, slot: Slot) {
    this.#context = context;
    this.#slot = slot;
    this.#beganMs = context.clock.monotonicMs();
  }

  get tags(): readonly Tag[] {
    return this.#slot.tags;
  }

  get patienceMs(): number {
    const { softTimeout } = this.#slot;
    return softTimeout !== undefined && this.#isCoverable() ? softTimeout * 1000 : Number.POSITIVE_INFINITY;
  }

  async look(confirmed: boolean): Promise<Seen<Kept, Given>> {
    const { clock, random } = this.#context;
    const { key, earlyRefresh, softTimeout } = this.#slot;
    const { store } = this.#context;
    this.prepared = confirmed ? store.snapshot(this.#slot.tags, key) : undefined;
    const entry = await valueIn(store, this.#slot, confirmed ? 'none' : undefined);
    this.#found = entry;
    const now = clock.now();
    if (entry !== undefined && now < entry.payload.freshUntil) {
      if (isDueEarly(entry.payload, earlyRefresh, now, random))
        this.#context.refresh(this.#slot, 'early', entry);
      return { kind: 'answer', answer: { outcome: 'hit', entry }, result: entry };
    }
    if (entry !== undefined && now < entry.payload.staleWhileRevalidateUntil) {
      this.#context.refresh(this.#slot, 'stale', entry);
      return { kind: 'answer', answer: { outcome: 'stale', entry } };
    }
    // Begun behind, it can be waited for as long as is wanted and no longer.
    if (entry !== undefined && softTimeout !== undefined && this.#isCoverable())
      this.#context.refresh(this.#slot, 'slow', entry);
    return { kind: 'absent', key };
  }

  async share(entry: Kept, flight: Flight<Kept>): Promise<Given | undefined> {
    // Another process may have invalidated between the load's beginning and this question.
    const { lagMs, store, clock } = this.#context;
    if (!this.#slot.strict && this.#beganMs - flight.startedMs < lagMs)
      return { outcome: 'collapsed', entry };
    const found = await valueIn(store, this.#slot);
    const fresh = found !== undefined && clock.now() < found.payload.freshUntil;
    return fresh ? { outcome: 'collapsed', entry: found } : undefined;
  }

  async cover(): Promise<Given | undefined> {
    // Looked for again: what was invalidated meanwhile stands in for nothing.
    this.#found = await valueIn(this.#context.store, this.#slot);
    return this.#isCoverable() ? { outcome: 'stale', entry: this.#found! } : undefined;
  }

  #isCoverable(): boolean {
    const payload = this.#found?.payload;
    return payload !== undefined && this.#context.clock.now() < coverableUntil(payload);
  }
}

export async function valueIn(
  store: Store,
  { key, tags, strict }: Slot,
  trust: Trust = strict ? 'confirmed' : 'leased',
): Promise<Kept | undefined> {
  const entry = await store.get(key, tags, { trust });
  return entry?.payload.kind === 'value' ? { ...entry, payload: entry.payload } : undefined;
}
