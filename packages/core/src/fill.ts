import type { Clock } from './clock.ts';
import { entityTag } from './entity-tag.ts';
import { type Entry, MAX_VARIANTS, type StoredResponse } from './entry.ts';
import type { Flight } from './flight.ts';
import { generatedAt } from './http/age.ts';
import { type Forward, type ForwardStatus, STALE_IF_ERROR } from './http/cache-status.ts';
import { formatHttpDate } from './http/date.ts';
import { type FieldLine, fieldsOf } from './http/fields.ts';
import { lifetimeOf } from './http/freshness.ts';
import type { ResponseHead } from './http/message.ts';
import { replayable } from './http/replayed.ts';
import { isServerFailure } from './http/reuse.ts';
import { refusal } from './http/storable.ts';
import { isEntityTag } from './http/validator.ts';
import { MAX_VARY_NAMES, nominate, nominatedNames } from './http/vary.ts';
import { variantKey } from './key.ts';
import type { Wanted } from './lookup.ts';
import { MAX_RETENTION_SECONDS, type StoringRules, seconds } from './policy.ts';
import type { Snapshot, Store } from './store/store.ts';
import { joinTags, type Tag, userTags } from './tags.ts';

/** A response's head as it is about to be sent, before anything of ours is added. */
export interface HandlerHead {
  readonly status: number;
  readonly lines: readonly FieldLine[];
  /** Lower-case names of lines that were there before the cache's place in the stack: sent, never stored. */
  readonly inherited: ReadonlySet<string>;
  /** Its Cache-Control was written for clients by a preset, not for this cache. */
  readonly directivesForClients: boolean;
  /** The route's pattern. */
  readonly route: string;
}

/** What becomes of a response, decided when its head is known and its body need not be. */
export type Plan =
  | { readonly kind: 'serve-stale'; readonly stored: StoredResponse; readonly status: ForwardStatus }
  | { readonly kind: 'pass'; readonly status: ForwardStatus }
  | StorePlan;

export interface StorePlan {
  readonly kind: 'store';
  /** Everything of the stored response but its body. */
  readonly response: StoredResponse;
  /** Lines to add to what the client gets now, which the stored response has too. */
  readonly added: readonly FieldLine[];
  readonly status: ForwardStatus;
}

export interface FillParts {
  readonly wanted: Wanted;
  readonly rules: StoringRules;
  readonly fwd: Forward;
  /** Request fields that earlier responses of this URI depended on. */
  readonly varyNames: readonly string[];
  /** What the handler may be covered by should it fail. */
  readonly stale: StoredResponse | undefined;
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

  skip(reason: string): void {
    this.#skipped ??= reason;
  }

  plan(handler: HandlerHead): Plan {
    const now = this.#clock.now();
    const stale = this.#covering(handler.status, now);
    if (stale !== undefined) {
      const status: ForwardStatus = { fwd: 'stale', fwdStatus: handler.status, detail: STALE_IF_ERROR };
      return { kind: 'serve-stale', stored: stale, status };
    }
    const head = headOf(handler);
    const status: ForwardStatus = { fwd: this.#parts.fwd, fwdStatus: head.status };
    const detail = this.#refusal(head, handler.directivesForClients);
    if (detail !== undefined) return { kind: 'pass', status: { ...status, detail } };
    return { ...this.#storePlan(handler, head, now), status };
  }

  /** Whether the head that middleware beneath ours really sent still allows what was planned. */
  allows(sent: Pick<ResponseHead, 'status' | 'lines'>): boolean {
    return this.#refusal(headOf(sent), true) === undefined;
  }

  /** Stores the whole response, then lets followers have it. True when it was stored. */
  async complete(response: StoredResponse): Promise<boolean> {
    const entry = this.#entry(response);
    try {
      const stored = (await this.#listVariant(entry)) && (await this.#snapshot.set(entry));
      this.#parts.flight?.land(stored ? { kind: 'shared', result: entry } : { kind: 'overtaken' });
      return stored;
    } finally {
      this.abandon();
    }
  }

  /** Nothing came of it, or nothing that others may see. No effect after `complete`. */
  abandon(): void {
    this.#parts.flight?.land({ kind: 'alone' });
  }

  /** RFC 5861 §4: a failing handler counts as one that cannot be reached (RFC 9111 §4.2.4). */
  #covering(status: number, now: number): StoredResponse | undefined {
    const { stale } = this.#parts;
    return stale !== undefined && isServerFailure(status) && now < stale.staleIfErrorUntil
      ? stale
      : undefined;
  }

  #refusal(head: ResponseHead, directivesForClients: boolean): string | undefined {
    const { rules, wanted, varyNames } = this.#parts;
    if (this.#skipped !== undefined) return this.#skipped;
    if (this.#ttl === 0) return 'no-freshness';
    if (varyNames.length > MAX_VARY_NAMES) return 'vary-too-many';
    return refusal(wanted.head, head, {
      hasTtl: this.#ttl !== undefined,
      statuses: rules.statuses,
      credentialsCovered: rules.credentialsCovered,
      directivesForClients,
    });
  }

  #storePlan(handler: HandlerHead, head: ResponseHead, now: number): Omit<StorePlan, 'status'> {
    const added = this.#added(head, now);
    const lines = [...handler.lines.filter(([name]) => !handler.inherited.has(name.toLowerCase())), ...added];
    const life = lifetimeOf(headOf({ status: head.status, lines: [...handler.lines, ...added] }), {
      ...this.#parts.rules,
      ttl: this.#ttl,
    });
    const generated = generatedAt(head, this.#requestedAt, now);
    // A lifetime that the app gives begins when the app answers; a stated one when the origin did.
    const freshUntil = (this.#ttl === undefined ? generated : now) + life.fresh * 1000;
    return {
      kind: 'store',
      added,
      response: {
        kind: 'response',
        status: head.status,
        lines: replayable(lines, head.fields),
        etag: validEtag(head),
        lastModified: head.fields.get('last-modified'),
        nominated: this.#nominated(head),
        generatedAt: generated,
        freshUntil,
        staleWhileRevalidateUntil: freshUntil + life.staleWhileRevalidate * 1000,
        staleIfErrorUntil: freshUntil + life.staleIfError * 1000,
        route: handler.route,
        body: NO_BODY,
      },
    };
  }

  /**
   * A client that is told nothing guesses (RFC 9111 §4.2.2), and would keep what is invalidated here: it is
   * told to ask every time, which costs it a 304.
   */
  #added(head: ResponseHead, now: number): FieldLine[] {
    const silent = head.fields.get('cache-control') === undefined && head.fields.get('expires') === undefined;
    const directives = this.#parts.rules.credentialsCovered ? 'private, no-cache' : 'no-cache';
    return [
      ...(head.fields.get('date') === undefined ? [['Date', formatHttpDate(now)] as const] : []),
      ...(silent ? [['Cache-Control', directives] as const] : []),
    ];
  }

  /** The response's own Vary and what earlier ones of this URI varied by, less what the key covers anyway. */
  #nominated(head: ResponseHead): StoredResponse['nominated'] {
    const { rules, wanted, varyNames } = this.#parts;
    const own = nominatedNames(head.fields.get('vary'));
    const covered = new Set(
      rules.credentialsCovered ? [...rules.vary, 'cookie', 'authorization'] : rules.vary,
    );
    const names = [...new Set([...varyNames, ...own])].filter((name) => !covered.has(name)).sort();
    return nominate(names, wanted.head.fields);
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
    const known = current?.payload.kind === 'variants' && current.payload.names.join() === names.join();
    const listed = known && current.payload.kind === 'variants' ? current.payload.keys : [];
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

/** The stored response with its bytes; with an entity tag from them where the handler gave none. */
export function withBody(
  response: StoredResponse,
  body: Buffer,
  strength: 'strong' | 'weak',
): StoredResponse {
  if (response.etag !== undefined) return { ...response, body };
  const etag = entityTag(body, strength);
  return { ...response, body, etag, lines: [...response.lines, ['ETag', etag]] };
}

const NO_BODY = Buffer.alloc(0);

const headOf = ({ status, lines }: Pick<ResponseHead, 'status' | 'lines'>): ResponseHead => ({
  status,
  lines,
  fields: fieldsOf(lines),
});

function validEtag(head: ResponseHead): string | undefined {
  const etag = head.fields.get('etag');
  return etag !== undefined && isEntityTag(etag) ? etag : undefined;
}
