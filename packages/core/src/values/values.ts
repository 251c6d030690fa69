import type { Clock } from './clock.ts';
import type { Entry, StoredValue } from './entry.ts';
import { invalidKey, invalidPolicy } from './errors.ts';
import type { CacheEvent, Observer } from './events.ts';
import { type FlightLimits, Flights } from './flight.ts';
import { type CacheKey, valueKey } from './key.ts';
import { seconds } from './policy-checks.ts';
import type { Store } from './store/store.ts';
import { LEASE_MS } from './store/tiered.ts';
import { joinTags, keyTag, NAMESPACE_TAG, type Tag, userTags } from './tags.ts';

export interface ValueOptions {
  /** Seconds the value is fresh. */
  readonly ttl: number;
  /** Names to invalidate it by; at most 64. */
  readonly tags?: readonly string[];
}

export interface ValuesContext {
  readonly namespace: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly observe: Observer;
  readonly limits: FlightLimits;
}

interface Slot {
  readonly key: CacheKey;
  readonly tags: readonly Tag[];
  readonly ttl: number;
}

/** How a load ended, for those who waited for it. */
type Loaded =
  | { readonly kind: 'value'; readonly entry: Entry<StoredValue> }
  | { readonly kind: 'unstorable'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

const MAX_LOOKS = 3;

/**
 * Cache-aside for values. They are kept as JSON, so every reader has a copy of its own and the first call
 * returns what the second will: what JSON does not keep (a Date, a Map, undefined members) is not there at
 * the first call either. `undefined` and `null` are returned and not stored.
 */
export class Values {
  readonly #context: ValuesContext;
  readonly #flights: Flights<Loaded>;

  constructor(context: ValuesContext) {
    this.#context = context;
    this.#flights = new Flights(context.clock, context.limits);
  }

  detach(tags: readonly Tag[]): void {
    this.#flights.detach(tags);
  }

  async getOrSet<T>(key: string, options: ValueOptions, load: () => Promise<T> | T): Promise<T> {
    const slot = this.#slot(key, options);
    const beganMs = this.#context.clock.monotonicMs();
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const entry = await this.#read(slot);
      if (entry !== undefined) return this.#told('hit', beganMs, decode(entry) as T);
      const flight = this.#flights.find(slot.key);
      if (flight === undefined) return this.#told('miss', beganMs, await this.#lead(slot, load));
      const landing = await flight.follow();
      if (landing.kind !== 'shared') break;
      if (beganMs - flight.startedMs >= LEASE_MS) continue;
      return this.#told('collapsed', beganMs, resultOf(landing.result) as T);
    }
    return this.#told('miss', beganMs, resultOf(await this.#load(slot, load)) as T);
  }

  #slot(key: string, options: ValueOptions): Slot {
    if (typeof key !== 'string' || key === '' || !key.isWellFormed()) throw invalidKey(key);
    if (typeof options !== 'object' || options === null)
      throw invalidPolicy('ttl', options, 'give { ttl: seconds }');
    return {
      key: valueKey(this.#context.namespace, key),
      tags: joinTags([NAMESPACE_TAG, keyTag(key)], userTags(options.tags ?? [])),
      ttl: seconds('ttl', options.ttl, 0),
    };
  }

  async #read({ key, tags }: Slot): Promise<Entry<StoredValue> | undefined> {
    const entry = await this.#context.store.get(key, tags);
    const payload = entry?.payload;
    if (payload?.kind !== 'value' || this.#context.clock.now() >= payload.freshUntil) return undefined;
    return { ...entry!, payload };
  }

  async #lead<T>(slot: Slot, load: () => Promise<T> | T): Promise<T> {
    const flight = this.#flights.lead(slot.key, slot.tags);
    const loaded = await this.#load(slot, load);
    flight.land({ kind: 'shared', result: loaded });
    return resultOf(loaded) as T;
  }

  /** Loads, and stores what can be stored. Never rejects. */
  async #load<T>({ key, tags, ttl }: Slot, load: () => Promise<T> | T): Promise<Loaded> {
    try {
      const snapshot = await this.#context.store.snapshot(tags);
      const value = await load();
      const body = this.#encode(value);
      if (body === undefined) return { kind: 'unstorable', value };
      const freshUntil = this.#context.clock.now() + ttl * 1000;
      const entry: Entry<StoredValue> = {
        key,
        tags,
        retainUntil: freshUntil,
        payload: { kind: 'value', freshUntil, body },
      };
      await snapshot.set(entry);
      return { kind: 'value', entry };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  /** Undefined for what is not stored: null, undefined, and (told to the observer) what JSON cannot say. */
  #encode(value: unknown): Buffer | undefined {
    if (value === undefined || value === null) return undefined;
    try {
      return Buffer.from(JSON.stringify(value), 'utf8');
    } catch (error) {
      this.#context.observe({
        type: 'error',
        namespace: this.#context.namespace,
        doing: 'encode a value',
        error,
      });
      return undefined;
    }
  }

  #told<T>(outcome: Extract<CacheEvent, { type: 'value' }>['outcome'], beganMs: number, value: T): T {
    const { namespace, clock, observe } = this.#context;
    observe({ type: 'value', namespace, outcome, seconds: (clock.monotonicMs() - beganMs) / 1000 });
    return value;
  }
}

const decode = (entry: Entry<StoredValue>): unknown => JSON.parse(entry.payload.body.toString('utf8'));

function resultOf(loaded: Loaded): unknown {
  switch (loaded.kind) {
    case 'value':
      return decode(loaded.entry);
    case 'unstorable':
      return loaded.value;
    case 'failed':
      throw loaded.error;
  }
}
