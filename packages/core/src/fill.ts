import type { Clock } from './clock.ts';
import {
  conditionsOf,
  type Entry,
  MAX_VARIANTS,
  outdated,
  retainUntil,
  type StoredResponse,
} from './entry.ts';
import type { Flight } from './flight.ts';
import { groupTags } from './group-tags.ts';
import type { Forward } from './http/cache-status.ts';
import type { FieldLine } from './http/fields.ts';
import { targetUri } from './http/message.ts';
import { OWN_FIELD } from './http/targeted.ts';
import { variantKey } from './key.ts';
import type { Wanted } from './lookup.ts';
import { type Plan, planFor } from './plan.ts';
import type { StoringRules } from './policy.ts';
import { MAX_RETENTION_SECONDS, seconds } from './policy-checks.ts';
import type { Reads } from './reads.ts';
import type { Snapshot, Store } from './store/store.ts';
import { headOf } from './stored.ts';
import { type HandlerHead, type PlanContext, refusalOf, unkeyedIn } from './storing.ts';
import { joinTags, MAX_TAGS, type Tag, uriTag, userTags, writeTag } from './tags.ts';

export interface FillParts {
  readonly wanted: Wanted;
  readonly rules: StoringRules;
  readonly fwd: Forward;
  readonly varyNames: readonly string[];
  /** What was found and may not be used as it is. */
  readonly stale: Entry<StoredResponse> | undefined;
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
  /** A write's response is stored, or those who write at the same time have been told. */
  #settled = false;

  /** `snapshot` was taken before the handler runs. */
  constructor(store: Store, clock: Clock, snapshot: Snapshot, parts: FillParts) {
    this.#store = store;
    this.#clock = clock;
    this.#snapshot = snapshot;
    this.#parts = parts;
    this.#requestedAt = clock.now();
  }

  /** Preconditions to give the handler, by lower-case name: whether what is stored still holds (RFC 9111 §4.3.1). */
  get conditions(): Readonly<Record<string, string>> {
    const { stale, wanted } = this.#parts;
    return stale === undefined || wanted.head.method === 'HEAD' ? {} : conditionsOf(stale.payload);
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
    const now = this.#clock.now();
    const shared =
      (plan.kind === 'store' && now < plan.response.freshUntil) ||
      (plan.kind === 'freshened' && plan.keep && now < plan.stored.freshUntil);
    if (!shared) this.abandon();
    return plan;
  }

  /** Why the head that was really sent, or what was read since the plan was made, forbids storing the response. */
  objection(
    { status, nominated, ownField }: StoredResponse,
    sentLines: readonly FieldLine[],
    reads: Reads,
  ): string | undefined {
    const context = this.#context();
    const sent = { directivesForClients: true, reads };
    const varying = nominated.map(([name]) => name);
    const lines = ownField === undefined ? sentLines : [...sentLines, [OWN_FIELD, ownField] as const];
    return refusalOf(headOf({ status, lines }), sent, context) ?? unkeyedIn(reads, varying, context);
  }

  /** Whether the stale response may still cover a failure: nothing does that was invalidated meanwhile. */
  async stillStands(): Promise<boolean> {
    const { stale } = this.#parts;
    return stale !== undefined && (await this.#snapshot.stands(stale.tags));
  }

  /** Stores the whole response, then lets followers have it. True when it was stored. */
  async complete(response: StoredResponse): Promise<boolean> {
    const entry = this.#entry(response);
    try {
      // Confirmed again and again under other tags, it would gather all of them.
      if (entry.tags.length > MAX_ENTRY_TAGS) return false;
      const snapshot = await this.#storableAgainst(entry);
      const stored =
        snapshot !== undefined && (await this.#listVariant(entry, snapshot)) && (await snapshot.set(entry));
      // Nobody joins a fill after an invalidation that it knew the tags of, so that those who did may have it even
      // if no store would; of late tags nobody knew.
      const shareable = stored || entry.tags.length === this.#parts.wanted.tags.length;
      this.#parts.flight?.land(shareable ? { kind: 'shared', result: entry } : { kind: 'again' });
      this.#settled = stored;
      return stored;
    } finally {
      this.abandon();
    }
  }

  /**
   * The snapshot from before the handler; for a POST, whose own invalidation of its target has overtaken that one, a
   * new one, if nobody else has written meanwhile. The new one first, so that there is no time in between.
   */
  async #storableAgainst({ tags }: Entry): Promise<Snapshot | undefined> {
    if (!this.#isWrite) return this.#snapshot;
    const own = uriTag(targetUri(this.#parts.wanted.head));
    const snapshot = await this.#store.snapshot(tags);
    const alone = await this.#snapshot.stands(tags.filter((tag) => tag !== own));
    return alone ? snapshot : undefined;
  }

  /** What is stored does not say any more what the handler would (RFC 9111 §4.3.5). */
  async outdate(): Promise<void> {
    const { stale } = this.#parts;
    const held = stale && (await this.#store.get(stale.key, stale.tags));
    // Somebody else may have stored a newer one meanwhile.
    const same = held?.payload.kind === 'response' && held.payload.generatedAt === stale?.payload.generatedAt;
    if (stale === undefined || !same) return;
    const now = this.#clock.now();
    const payload = outdated(stale.payload, now);
    await this.#snapshot.set({ ...stale, payload, retainUntil: retainUntil(payload, now) });
  }

  /** Nothing came of it, or nothing that others may see. No effect after `complete`. */
  abandon(): void {
    this.#parts.flight?.land({ kind: 'alone' });
    this.#tellWriters();
  }

  /** Nobody knows what would have come of it: whoever waits looks again, and one of them leads. */
  lose(): void {
    this.#parts.flight?.land({ kind: 'again' });
    this.#tellWriters();
  }

  /** What this wrote is in none of the responses that others are making of the same URI. */
  #tellWriters(): void {
    if (!this.#isWrite || this.#settled) return;
    this.#settled = true;
    this.#store.invalidate([writeTag(targetUri(this.#parts.wanted.head))]).catch(() => {});
  }

  get #isWrite(): boolean {
    return this.#parts.wanted.head.method === 'POST';
  }

  #context(): PlanContext {
    const { wanted, rules, fwd, varyNames, stale } = this.#parts;
    return {
      request: wanted.head,
      rules,
      fwd,
      varyNames,
      stale: stale?.payload,
      ttl: this.#ttl,
      skipped: this.#skipped,
      requestedAt: this.#requestedAt,
      now: this.#clock.now(),
    };
  }

  #entry(payload: StoredResponse): Entry<StoredResponse> {
    const { wanted, stale } = this.#parts;
    const now = this.#clock.now();
    return {
      key: payload.nominated.length === 0 ? wanted.key : variantKey(wanted.key, payload.nominated),
      // A handler that confirms what is stored need not name its tags again.
      tags: joinTags(
        wanted.tags,
        this.#lateTags,
        groupTags(wanted.head, payload.lines),
        isOf(stale, payload) ? stale!.tags : [],
      ),
      retainUntil: Math.min(retainUntil(payload, now), now + MAX_RETENTION_SECONDS * 1000),
      payload,
    };
  }

  /** Makes the URI's own entry name the variant, so that later requests find it. True when they will. */
  async #listVariant(
    { key, retainUntil, payload }: Entry<StoredResponse>,
    snapshot: Snapshot,
  ): Promise<boolean> {
    if (payload.nominated.length === 0) return true;
    const { wanted } = this.#parts;
    const names = payload.nominated.map(([name]) => name);
    const current = await this.#store.get(wanted.key, wanted.tags);
    const variants = current?.payload.kind === 'variants' ? current.payload : undefined;
    const listed = variants?.names.join() === names.join() ? variants.keys : [];
    if (listed.includes(key) && current!.retainUntil >= retainUntil) return true;
    return snapshot.set({
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

/** The tags of a policy, of a handler and of groups, and those of the cache's own. */
const MAX_ENTRY_TAGS = 4 * MAX_TAGS;

/** Made from the stale response by freshening its head: the bytes are the same. */
const isOf = (stale: Entry<StoredResponse> | undefined, { body }: StoredResponse): boolean =>
  stale?.payload.body === body;
