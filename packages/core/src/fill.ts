import type { Landing } from './collapse/flight.ts';
import type { Lead } from './collapse/lead.ts';
import {
  conditionsOf,
  coverableUntil,
  type Entry,
  outdated,
  retainUntil,
  type StoredResponse,
} from './entry.ts';
import type { FillContext, FillParts } from './fill-parts.ts';
import type { Forward } from './http/cache-status.ts';
import type { FieldLine } from './http/fields.ts';
import { isAboutClient } from './http/status.ts';
import { OWN_FIELD } from './http/targeted.ts';
import { entryOf, hasSince, keep } from './keeping.ts';
import type { CacheKey } from './key.ts';
import { type Plan, planFor } from './plan.ts';
import { seconds } from './policy-checks.ts';
import type { Reads } from './reads.ts';
import type { Snapshot } from './store/store.ts';
import { headOf } from './stored.ts';
import { type HandlerHead, isNegative, type PlanContext, refusalOf, unkeyedIn } from './storing.ts';
import { joinTags, MAX_TAGS, type Tag, userTags } from './tags.ts';

/** One response on its way from the handler into the cache. */
export class Fill {
  readonly #context: FillContext;
  readonly #snapshot: Snapshot;
  readonly #parts: FillParts;
  readonly #requestedAt: number;
  readonly #beganMs: number;
  readonly #chance: number;
  #ttl: number | undefined;
  #skipped: string | undefined;
  #lateTags: readonly Tag[] = [];
  #stored = false;
  #unadmitted = false;
  #over = false;

  /** `snapshot` was taken before the handler runs. */
  constructor(context: FillContext, snapshot: Snapshot, parts: FillParts) {
    const { clock, random } = context;
    this.#context = context;
    this.#snapshot = snapshot;
    this.#parts = parts;
    this.#requestedAt = clock.now();
    this.#beganMs = clock.monotonicMs();
    this.#chance = random();
  }

  /** Runs the handler: what it loads on its way is part of the fill. */
  within<R>(run: () => R): R {
    const { lead } = this.#parts;
    return lead === undefined ? run() : lead.within(run);
  }

  get fwd(): Forward {
    return this.#parts.fwd;
  }

  /** Resolves when nobody waits for it any more; where nobody ever did, never. */
  get over(): Promise<void> {
    return this.#parts.lead?.over ?? new Promise(() => {});
  }

  /** A stale response that a client may have in place of a handler that takes longer than `afterMs`. */
  get standIn(): { readonly stored: StoredResponse; readonly afterMs: number } | undefined {
    const { stale, fwd, timeoutMs } = this.#parts;
    if (stale === undefined || fwd !== 'stale') return undefined;
    if (this.#context.clock.now() >= coverableUntil(stale.payload)) return undefined;
    return { stored: stale.payload, afterMs: timeoutMs };
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
    const plan = this.#admitted(planFor(handler, this.#planContext()));
    const now = this.#context.clock.now();
    const shared =
      (plan.kind === 'store' && now < plan.response.freshUntil) ||
      (plan.kind === 'freshened' && plan.keep && now < plan.stored.freshUntil);
    if (!shared && handler.status >= 500) this.fail();
    else if (!shared && isAboutClient(handler.status)) this.#end({ kind: 'alone' });
    else if (!shared) this.abandon(plan.status.detail ?? 'no-freshness');
    return plan;
  }

  /** What says that there is nothing is kept only where somebody asks for it again. */
  #admitted(plan: Plan): Plan {
    const { rules, wanted } = this.#parts;
    if (plan.kind !== 'store' || !isNegative(plan.response, rules)) return plan;
    if (this.#context.sightings.again(wanted.key)) return plan;
    this.#unadmitted = true;
    return { ...plan, admitted: false, status: { ...plan.status, detail: 'first-sight' } };
  }

  /** Why the head that was really sent, or what was read since the plan was made, forbids storing the response. */
  objection(
    { status, nominated, ownField }: StoredResponse,
    sentLines: readonly FieldLine[],
    reads: Reads,
  ): string | undefined {
    const context = this.#planContext();
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
    const costMs = this.#context.clock.monotonicMs() - this.#beganMs;
    const entry = this.#entry({ ...response, costMs });
    // Named while the handler ran: from here on who comes after an invalidation of one of them must not join.
    this.#parts.lead?.retag(entry.tags);
    try {
      // Confirmed again and again under other tags, it would gather all of them.
      if (entry.tags.length > MAX_ENTRY_TAGS) this.abandon('too-many-tags');
      else this.#stored = await this.#store(entry);
      // Nobody joins a fill after an invalidation that it knew the tags of, so that those who did may have it even
      // if no store would; of late tags nobody knew.
      const unkept = this.#stored ? undefined : this.#unadmitted ? 'unadmitted' : 'overtaken';
      if (this.#stored || entry.tags.length === this.#parts.wanted.tags.length)
        this.#end({ kind: 'shared', result: entry, unkept });
      return this.#stored;
    } finally {
      this.lose();
    }
  }

  async #store(entry: Entry<StoredResponse>): Promise<boolean> {
    const { wanted, write, lead } = this.#parts;
    if (this.#unadmitted) return false;
    // Given up in the meantime, it may have read older data than what somebody else has made since.
    if (lead?.landed && (await hasSince(this.#context.store, entry, this.#requestedAt))) return false;
    const snapshot = write === undefined ? this.#snapshot : await write.snapshotAfter(entry.tags);
    return snapshot !== undefined && keep(this.#context.store, wanted, entry, snapshot);
  }

  /** What is stored does not say any more what the handler would (RFC 9111 §4.3.5). */
  async outdate(): Promise<void> {
    const { stale } = this.#parts;
    const held = stale && (await this.#context.store.get(stale.key, stale.tags));
    // Somebody else may have stored a newer one meanwhile.
    const same = held?.payload.kind === 'response' && held.payload.generatedAt === stale?.payload.generatedAt;
    if (stale === undefined || !same) return;
    const now = this.#context.clock.now();
    const payload = outdated(stale.payload, now);
    await this.#snapshot.set({ ...stale, payload, retainUntil: retainUntil(payload, now) });
  }

  /** Nothing came of it that others may see. No effect after `complete`. */
  abandon(reason: string): void {
    this.#end({ kind: 'unshared', reason });
  }

  /** Nobody knows what would have come of it: whoever waits looks again, and one of them leads. */
  lose(): void {
    this.#end({ kind: 'again' });
  }

  /** The handler failed, or takes too long. */
  fail(): void {
    this.#end({ kind: 'failed' });
  }

  /** Leaves what was begun to another policy, which is nearer to the handler, if it asks for the same. */
  handOver(key: CacheKey): Lead<Entry<StoredResponse>> | undefined {
    const { wanted, lead, write } = this.#parts;
    if (write !== undefined || wanted.key !== key || lead?.landed !== false) return undefined;
    this.#over = true;
    return lead;
  }

  #end(landing: Landing<Entry<StoredResponse>>): void {
    if (this.#over) return;
    this.#parts.lead?.land(landing);
    this.#parts.write?.over(this.#stored);
  }

  #planContext(): PlanContext {
    const { wanted, rules, fwd, varyNames, stale } = this.#parts;
    return {
      request: wanted.head,
      rules,
      fwd,
      varyNames,
      stale: stale?.payload,
      ttl: this.#ttl,
      skipped: this.#skipped,
      chance: this.#chance,
      requestedAt: this.#requestedAt,
      now: this.#context.clock.now(),
    };
  }

  /** A handler that confirms what is stored need not name its tags again. */
  #entry(payload: StoredResponse): Entry<StoredResponse> {
    const { wanted, stale } = this.#parts;
    const more = joinTags(this.#lateTags, isOf(stale, payload) ? stale!.tags : []);
    return entryOf(payload, wanted, more, this.#context.clock.now());
  }
}

/** The tags of a policy, of a handler and of groups, and those of the cache's own. */
const MAX_ENTRY_TAGS = 4 * MAX_TAGS;

/** Made from the stale response by freshening its head: the bytes are the same. */
const isOf = (stale: Entry<StoredResponse> | undefined, { body }: StoredResponse): boolean =>
  stale?.payload.body === body;
