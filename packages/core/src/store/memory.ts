import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../clock.ts';
import { type Entry, entryBytes, type Payload, softened } from '../entry.ts';
import type { Delivery, Observer, RemovalCause } from '../events.ts';
import type { CacheKey } from '../key.ts';
import { knownOptions, positive } from '../options.ts';
import { isPattern, reachedBy } from '../pattern.ts';
import type { Tag } from '../tags.ts';
import { Invalidations } from './invalidations.ts';
import type { Snapshot, Store, Sweep } from './store.ts';

export interface MemoryOptions {
  /** Default 64 MiB. */
  readonly maxBytes?: number;
  /** Default 50,000. */
  readonly maxEntries?: number;
}

export interface MemoryContext {
  readonly namespace: string;
  readonly clock?: Clock;
  readonly observe?: Observer;
}

interface Held {
  readonly entry: Entry;
  /** All that it falls with. */
  readonly tags: readonly Tag[];
  readonly bytes: number;
  readonly since: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_ENTRIES = 50_000;

/**
 * Entries in this process, least recently used out first, bounded by bytes and by number.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function memoryStore(options: MemoryOptions, context: MemoryContext): Store {
  knownOptions('memory', options, ['maxBytes', 'maxEntries']);
  const maxBytes = positive('memory.maxBytes', options.maxBytes ?? DEFAULT_MAX_BYTES);
  const maxEntries = positive('memory.maxEntries', options.maxEntries ?? DEFAULT_MAX_ENTRIES);
  return new MemoryStore(maxBytes, maxEntries, context);
}

class MemoryStore implements Store {
  readonly #held: LRUCache<CacheKey, Held>;
  readonly #invalidations = new Invalidations();
  readonly #clock: Clock;
  readonly #namespace: string;
  readonly #observe: Observer;
  /** Why the entry that lru-cache is about to dispose of goes, when that is our doing. */
  #cause: RemovalCause | undefined;

  constructor(maxBytes: number, maxEntries: number, { namespace, clock, observe }: MemoryContext) {
    this.#clock = clock ?? systemClock;
    this.#namespace = namespace;
    this.#observe = observe ?? (() => {});
    this.#held = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: ({ bytes }, _, reason) =>
        this.#removed(bytes, reason === 'set' ? 'replace' : (this.#cause ?? 'evict')),
    });
  }

  async get(key: CacheKey): Promise<Entry | undefined> {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    if (this.#clock.now() >= held.entry.retainUntil) return this.#drop(key, 'expire');
    if (this.#invalidations.touched(held.tags, held.since)) return this.#drop(key, 'invalidate');
    const softenedAt = this.#invalidations.softenedAt(held.tags, held.since);
    return softenedAt === undefined ? held.entry : softened(held.entry, softenedAt);
  }

  async snapshot(): Promise<Snapshot> {
    const since = this.#invalidations.moment;
    return {
      set: async (entry) => this.#set(entry, since),
      stands: async (tags) => !this.#invalidations.overtaken(tags, since),
    };
  }

  async invalidate(tags: readonly Tag[]): Promise<Delivery> {
    this.#invalidate([...tags, ...this.#matched(tags)]);
    return 'done';
  }

  async soften(tags: readonly Tag[], at: number): Promise<Delivery> {
    this.#invalidate([...tags, ...this.#matched(tags)], at);
    return 'done';
  }

  async sweep(pattern: Tag, { softAt, looked }: Sweep = {}): Promise<Delivery> {
    const { size } = this.#held;
    const matched = this.#matched([pattern]);
    looked?.({ found: matched.length, looked: size, of: size });
    this.#invalidate([pattern, ...matched], softAt);
    return 'done';
  }

  async close(): Promise<void> {
    this.#cause = 'close';
    this.#held.clear();
    this.#cause = undefined;
  }

  #set(entry: Entry, since: number): boolean {
    const tags = tagsOf(entry);
    if (this.#invalidations.overtaken(tags, since)) return false;
    const compact = { ...entry, payload: withOwnBytes(entry.payload) };
    const bytes = entryBytes(compact);
    if (bytes > this.#held.maxSize) return false;
    this.#held.set(entry.key, { entry: compact, tags, bytes, since });
    this.#observe({ type: 'store', namespace: this.#namespace, tier: 'memory', bytes });
    return true;
  }

  #invalidate(tags: readonly Tag[], softAt?: number): void {
    if (softAt === undefined) this.#invalidations.mark(tags);
    else this.#invalidations.soften(tags, softAt);
  }

  /** What is held by the names that patterns match: a hit is not to look through patterns. */
  #matched(tags: readonly Tag[]): Tag[] {
    const patterns = tags.filter(isPattern);
    if (patterns.length === 0) return [];
    const isMatched = reachedBy(patterns);
    const matched = new Set<Tag>();
    for (const { tags } of this.#held.values())
      for (const tag of tags) if (!matched.has(tag) && isMatched(tag)) matched.add(tag);
    return [...matched];
  }

  #drop(key: CacheKey, cause: RemovalCause): undefined {
    this.#cause = cause;
    this.#held.delete(key);
    this.#cause = undefined;
  }

  #removed(bytes: number, cause: RemovalCause): void {
    this.#observe({ type: 'remove', namespace: this.#namespace, tier: 'memory', bytes, cause });
  }
}

const tagsOf = ({ tags, confirmed }: Entry): readonly Tag[] =>
  confirmed === undefined || confirmed.marks.length === 0 ? tags : [...tags, ...confirmed.marks];

/** How much larger the buffer may be that a body is a window on: for less than that, copying it saves nothing. */
const MOST_AROUND = 1.25;

/** A body that is a window on a much larger buffer would keep all of it alive. */
function withOwnBytes(payload: Payload): Payload {
  if (payload.kind === 'variants') return payload;
  if (payload.body.buffer.byteLength <= payload.body.byteLength * MOST_AROUND) return payload;
  const body = Buffer.allocUnsafeSlow(payload.body.byteLength);
  payload.body.copy(body);
  return { ...payload, body };
}
