import type { Clock } from './clock.ts';
import { type Entry, MAX_VARIANTS, type StoredResponse } from './entry.ts';
import type { Flight } from './flight.ts';
import type { Forward } from './http/cache-status.ts';
import type { ResponseHead } from './http/message.ts';
import { variantKey } from './key.ts';
import type { Wanted } from './lookup.ts';
import { type HandlerHead, headOf, type Plan, type PlanContext, planFor, refusalOf } from './plan.ts';
import { MAX_RETENTION_SECONDS, type StoringRules, seconds } from './policy.ts';
import type { Snapshot, Store } from './store/store.ts';
import { joinTags, type Tag, userTags } from './tags.ts';

export interface FillParts {
  readonly wanted: Wanted;
  readonly rules: StoringRules;
  readonly fwd: Forward;
  readonly varyNames: readonly string[];
  readonly stale: StoredResponse | undefined;
  /** Those who wait for this response; undefined when nobody may. */
  readonly flight: Flight<Entry<StoredResponse>> | undefined;
}

/** One response on its way from the handler into the cache. */
export class Fill {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #snapshot: Snapshot;
  readonly #parts: FillParts;
  readonly #requestedAt: number;
  #ttl: number | undefined;
  #skipped: string | undefined;
  #lateTags: readonly Tag[] = [];

  /** `snapshot` was taken before the handler runs. */
  constructor(store: Store, clock: Clock, snapshot: Snapshot, parts: FillParts) {
    this.#store = store;
    this.#clock = clock;
    this.#snapshot = snapshot;
    this.#parts = parts;
    this.#requestedAt = clock.now();
    this.#ttl = parts.rules.ttl;
  }

  /** @throws LarderError `LARDER_INVALID_TAG` */
  tag(tags: readonly string[]): void {
    this.#lateTags = joinTags(this.#lateTags, userTags(tags));
  }

  /** @throws LarderError `LARDER_INVALID_POLICY` */
  ttl(value: number): void {
    this.#ttl = seconds('ttl', value, 0);
  }

  /** The response is not to be stored; the first reason counts. */
  skip(reason: string): void {
    this.#skipped ??= reason;
  }

  plan(handler: HandlerHead): Plan {
    const plan = planFor(handler, this.#context());
    if (plan.kind !== 'store') this.abandon();
    return plan;
  }

  /** Whether the head that middleware beneath ours really sent still allows what was planned. */
  allows(sent: Pick<ResponseHead, 'status' | 'lines'>): boolean {
    return refusalOf(headOf(sent), this.#context(), true) === undefined;
  }

  /** Stores the whole response, then lets followers have it. True when it was stored. */
  async complete(response: StoredResponse): Promise<boolean> {
    const entry = this.#entry(response);
    try {
      const stored = (await this.#listVariant(entry)) && (await this.#snapshot.set(entry));
      // Nobody joins a fill after an invalidation that it knew the tags of, so that those who did may have it even
      // if no store would; of late tags nobody knew.
      const shareable = stored || this.#lateTags.length === 0;
      this.#parts.flight?.land(shareable ? { kind: 'shared', result: entry } : { kind: 'again' });
      return stored;
    } finally {
      this.abandon();
    }
  }

  /** Nothing came of it, or nothing that others may see. No effect after `complete`. */
  abandon(): void {
    this.#parts.flight?.land({ kind: 'alone' });
  }

  /** Nobody knows what would have come of it: whoever waits looks again, and one of them leads. */
  lose(): void {
    this.#parts.flight?.land({ kind: 'again' });
  }

  #context(): PlanContext {
    const { wanted, rules, fwd, varyNames, stale } = this.#parts;
    return {
      request: wanted.head,
      rules,
      fwd,
      varyNames,
      stale,
      ttl: this.#ttl,
      skipped: this.#skipped,
      requestedAt: this.#requestedAt,
      now: this.#clock.now(),
    };
  }

  #entry(payload: StoredResponse): Entry<StoredResponse> {
    const { wanted } = this.#parts;
    const retainUntil = Math.max(
      payload.freshUntil,
      payload.staleWhileRevalidateUntil,
      payload.staleIfErrorUntil,
    );
    return {
      key: payload.nominated.length === 0 ? wanted.key : variantKey(wanted.key, payload.nominated),
      tags: joinTags(wanted.tags, this.#lateTags),
      retainUntil: Math.min(retainUntil, this.#clock.now() + MAX_RETENTION_SECONDS * 1000),
      payload,
    };
  }

  /** Makes the URI's own entry name the variant, so that later requests find it. True when they will. */
  async #listVariant({ key, retainUntil, payload }: Entry<StoredResponse>): Promise<boolean> {
    if (payload.nominated.length === 0) return true;
    const { wanted } = this.#parts;
    const names = payload.nominated.map(([name]) => name);
    const current = await this.#store.get(wanted.key, wanted.tags);
    const variants = current?.payload.kind === 'variants' ? current.payload : undefined;
    const listed = variants?.names.join() === names.join() ? variants.keys : [];
    if (listed.includes(key) && current!.retainUntil >= retainUntil) return true;
    return this.#snapshot.set({
      key: wanted.key,
      tags: wanted.tags,
      retainUntil: Math.max(retainUntil, current?.retainUntil ?? 0),
      payload: {
        kind: 'variants',
        names,
        keys: [...listed.filter((k) => k !== key), key].slice(-MAX_VARIANTS),
      },
    });
  }
}
