import { type Answer, forwardOf, hit, type Refresh, type RefreshReason } from './answer.ts';
import type { Background } from './background.ts';
import { Collapser, type CollapserParts } from './collapse/collapser.ts';
import type { Lead } from './collapse/lead.ts';
import { refreshOutcome, refreshTeller } from './collapse/outcome.ts';
import type { Entry, StoredResponse } from './entry.ts';
import type { Observer } from './events.ts';
import { Fill } from './fill.ts';
import type { FillContext } from './fill-parts.ts';
import { evaluate, ttlOf } from './http/reuse.ts';
import { find, Inquiry, type InquiryContext } from './inquiry.ts';
import type { CacheKey } from './key.ts';
import type { Wanted } from './lookup.ts';
import type { StoringRules } from './policy.ts';
import { joinTags, type Tag } from './tags.ts';
import { Write } from './writes.ts';

type Stored = Entry<StoredResponse>;

export interface ResponsesParts extends FillContext {
  readonly namespace: string;
  readonly lagMs: number;
  readonly observe: Observer;
  readonly collapsing: CollapserParts;
  readonly background: Background;
}

/** Whole responses: what a request gets of them, and who makes them. */
export class Responses implements InquiryContext {
  readonly store: FillContext['store'];
  readonly clock: FillContext['clock'];
  readonly random: FillContext['random'];
  readonly lagMs: number;
  readonly #parts: ResponsesParts;
  readonly #collapser: Collapser<Stored>;

  constructor(parts: ResponsesParts) {
    this.#parts = parts;
    this.store = parts.store;
    this.clock = parts.clock;
    this.random = parts.random;
    this.lagMs = parts.lagMs;
    this.#collapser = new Collapser(parts.collapsing);
  }

  async answer(wanted: Wanted, rules: StoringRules): Promise<Answer> {
    const inquiry = new Inquiry(this, wanted, rules);
    const outcome = await this.#collapser.ask(inquiry);
    return outcome.kind === 'answer' ? outcome.answer : this.#forward(inquiry, outcome.lead);
  }

  /** What a policy further out has begun for the same key, and leaves to this one; undefined where it is another. */
  async adopt(outer: Fill, wanted: Wanted, rules: StoringRules): Promise<Fill | undefined> {
    const lead = outer.handOver(wanted.key);
    if (lead === undefined) return undefined;
    // Known before anything is read: who comes after an invalidation of one of these must not join.
    lead.retag(wanted.tags);
    const found = await find(this.store, wanted, rules);
    const { fill } = await this.#forward({ wanted, rules, found, fwd: forwardOf(found) }, lead);
    return fill;
  }

  async write(wanted: Wanted, rules: StoringRules): Promise<Fill> {
    const write = await Write.begin(this.store, wanted);
    return new Fill(this.#parts, write.snapshot, {
      wanted: write.wanted,
      rules,
      fwd: 'method',
      varyNames: [],
      stale: undefined,
      timeoutMs: this.#timeoutMs(rules),
      lead: undefined,
      write,
    });
  }

  detach(tags: readonly Tag[]): void {
    this.#collapser.detach(tags);
  }

  close(): Promise<void> {
    return this.#collapser.close();
  }

  reasonFor(key: CacheKey): string | undefined {
    return this.#collapser.reasonFor(key);
  }

  alone(inquiry: Inquiry): Promise<Answer> {
    return this.#forward(inquiry, undefined);
  }

  elect(inquiry: Inquiry, reason: RefreshReason): Refresh | undefined {
    const { found, wanted, rules } = inquiry;
    if (this.#parts.background.closing) return undefined;
    const lead = this.#collapser.elect(found.flightKey, wanted.tags, reason === 'slow');
    if (lead === undefined) return undefined;
    const stored = found.entry!.payload;
    return {
      reason,
      shown: [...new Set([...rules.vary, ...found.varyNames, ...stored.nominated.map(([name]) => name)])],
      begin: (unseen) => {
        const isDone = ({ payload }: Stored) => this.#isNewer(payload, stored);
        return this.#begin({ wanted: unseen, rules, found, isDone, lead, reason, route: stored.route });
      },
      inForeground: () => this.#inForeground(inquiry, lead),
      drop: () => lead.land({ kind: 'again' }),
    };
  }

  async ahead(wanted: Wanted, rules: StoringRules, aheadMs: number): Promise<Fill | undefined> {
    const lasts = ({ payload }: Stored) => payload.freshUntil - this.clock.now() >= aheadMs;
    const found = await find(this.store, wanted, rules, 'none');
    if (this.#parts.background.closing || (found.entry !== undefined && lasts(found.entry))) return undefined;
    const lead = this.#collapser.elect(found.flightKey, wanted.tags);
    if (lead === undefined) return undefined;
    const route = found.entry?.payload.route ?? NO_ROUTE;
    return this.#begin({ wanted, rules, found, isDone: lasts, lead, reason: 'scheduled', route });
  }

  /** A fill that no client waits for, unless `isDone` by then. */
  async #begin({ wanted, rules, found, isDone, lead, reason, route }: Beginning): Promise<Fill | undefined> {
    const { background } = this.#parts;
    const told = refreshTeller(this.#parts, route, reason);
    background.add(lead.over.then(() => lead.released));
    const question = this.#unless(isDone, wanted, rules);
    const contended = await this.#collapser.contend(lead, question, found.flightKey);
    if (contended.kind !== 'run' || background.closing) {
      lead.land({ kind: 'again' });
      told('dropped');
      return undefined;
    }
    const { fill } = await this.#forward({ wanted, rules, found, fwd: forwardOf(found) }, lead);
    lead.over.then(() => told(refreshOutcome(lead.landing!)));
    return fill;
  }

  /** Where another process is at it, nobody waits: what there is may still be used. */
  async #inForeground(inquiry: Inquiry, lead: Lead<Stored>): Promise<Answer> {
    const { wanted, rules, found } = inquiry;
    const { payload } = found.entry!;
    const question = this.#unless((entry) => this.#isNewer(entry.payload, payload), wanted, rules);
    const contended = await this.#collapser.contend(
      lead,
      question,
      found.flightKey,
      Number.NEGATIVE_INFINITY,
    );
    if (contended.kind === 'answer') return contended.answer;
    if (contended.kind === 'run')
      return this.#forward({ ...inquiry, wanted, rules, found, fwd: 'stale' }, lead);
    lead.land({ kind: 'again' });
    return this.#whatThereIs(wanted, rules);
  }

  /** After a wait: what was found before it may have been invalidated, or be too old by now. */
  async #whatThereIs(wanted: Wanted, rules: StoringRules): Promise<Answer> {
    const found = await find(this.store, wanted, rules);
    const { entry } = found;
    const reuse = entry && evaluate(entry.payload, this.clock.now());
    if (entry !== undefined && reuse?.kind !== 'forward') return hit(entry.payload, reuse!.ttl);
    return this.#forward({ wanted, rules, found, fwd: forwardOf(found) }, undefined);
  }

  #isNewer(payload: StoredResponse, old: StoredResponse): boolean {
    return payload.generatedAt > old.generatedAt && evaluate(payload, this.clock.now()).kind === 'fresh';
  }

  #unless(isDone: (entry: Stored) => boolean, wanted: Wanted, rules: StoringRules) {
    return {
      look: async (confirmed: boolean) => {
        const { entry, flightKey } = await find(this.store, wanted, rules, confirmed ? 'none' : undefined);
        if (entry === undefined || !isDone(entry)) return { kind: 'absent', key: flightKey } as const;
        const answer = hit(entry.payload, ttlOf(entry.payload, this.clock.now()));
        return { kind: 'answer', answer, result: entry } as const;
      },
    };
  }

  async #forward(
    { wanted, rules, found, fwd, prepared }: Forwarded,
    lead: Lead<Stored> | undefined,
  ): Promise<Extract<Answer, { kind: 'forward' }>> {
    const stale = found.entry;
    if (wanted.head.method === 'HEAD' && stale === undefined)
      return { kind: 'forward', fwd, fill: undefined };
    const timeoutMs = this.#timeoutMs(rules);
    lead?.begin(timeoutMs);
    // Its tags too: should the handler confirm it, it is stored anew with all of them.
    const tags = joinTags(wanted.tags, stale?.tags ?? []);
    const isPrepared = prepared !== undefined && tags.length === wanted.tags.length;
    const snapshot = await (isPrepared ? prepared : this.store.snapshot(tags, wanted.key));
    const { varyNames } = found;
    const fill = new Fill(this.#parts, snapshot, {
      wanted,
      rules,
      fwd,
      varyNames,
      stale,
      timeoutMs,
      lead,
      write: undefined,
    });
    return { kind: 'forward', fwd, fill };
  }

  #timeoutMs({ fillTimeout }: StoringRules): number {
    return (fillTimeout ?? this.#parts.collapsing.limits.fillTimeout) * 1000;
  }
}

/** What events call a response of which nobody knows yet what route makes it. */
const NO_ROUTE = '(none)';

type Forwarded = Pick<Inquiry, 'wanted' | 'rules' | 'found' | 'fwd'> & Partial<Pick<Inquiry, 'prepared'>>;

interface Beginning extends Pick<Inquiry, 'wanted' | 'rules' | 'found'> {
  readonly isDone: (entry: Stored) => boolean;
  readonly lead: Lead<Stored>;
  readonly reason: RefreshReason | 'scheduled';
  readonly route: string;
}
