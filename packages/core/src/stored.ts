import { jittered } from './early.ts';
import { entityTag } from './entity-tag.ts';
import type { StoredResponse } from './entry.ts';
import { generatedAt } from './http/age.ts';
import { type FieldLine, fieldsOf, listOf } from './http/fields.ts';
import { lifetimeOf } from './http/freshness.ts';
import type { RequestHead, ResponseHead } from './http/message.ts';
import { replayable } from './http/replayed.ts';
import { isSuccessful } from './http/status.ts';
import { isForEverybody } from './http/storable.ts';
import { controlOf, OWN_FIELD } from './http/targeted.ts';
import { validatorsOf } from './http/validator.ts';
import { nominate, nominatedNames } from './http/vary.ts';
import type { StoringRules } from './policy.ts';

/** What a stored response is made from, besides its bytes. */
export interface Making {
  readonly request: RequestHead;
  readonly rules: StoringRules;
  /** Complete, with its Date. */
  readonly head: ResponseHead;
  /** The lines of it that a later request is given, before those that are no request's but this one's are taken off. */
  readonly lines: readonly FieldLine[];
  /** By its Date and Age as the handler gave them: one of ours is cut to the second. */
  readonly handlerHead: ResponseHead;
  /** Names taken away from every reply. */
  readonly removed: readonly string[];
  readonly directivesForClients: boolean;
  /** The Cache-Control among its lines is of our making. */
  readonly ownControl: boolean;
  /** Seconds the app gives it. */
  readonly ttl: number | undefined;
  /** Request fields that it, or another response of the URI, is known to depend on besides its Vary. */
  readonly varyNames: readonly string[];
  /** The handler read what a request with Authorization would have had otherwise. */
  readonly forAnonymous: boolean;
  readonly route: string;
  readonly chance: number;
  readonly requestedAt: number;
  readonly now: number;
}

/** Age, Cache-Control and the stored entry come from here, in one go. */
export function storedResponse(making: Making): StoredResponse {
  const { head, rules, ttl, now } = making;
  const life = lifetimeOf(head, { ...rules, ttl, directivesForClients: making.directivesForClients });
  const generated = generatedAt(making.handlerHead, making.requestedAt, now);
  // A lifetime that the app gives begins when the app answers; a stated one when the origin did.
  const fresh = jittered(life.fresh, rules.jitter, making.chance);
  const freshUntil = (ttl === undefined ? generated : now) + fresh * 1000;
  return {
    kind: 'response',
    status: head.status,
    lines: [...storedLines(making), ...making.removed.map((name) => [name, []] as const)],
    ownField: head.fields.get(OWN_FIELD),
    ...validatorsOf(head.fields),
    ownEtag: false,
    ownControl: making.ownControl,
    forEverybody: !making.forAnonymous && isForEverybody(head.fields),
    nominated: nominatedBy(making),
    generatedAt: generated,
    freshUntil,
    staleWhileRevalidateUntil: freshUntil + life.staleWhileRevalidate * 1000,
    staleIfErrorUntil: freshUntil + life.staleIfError * 1000,
    strict: life.strict,
    costMs: 0,
    route: making.route,
    body: NO_BODY,
  };
}

/** Fields that `no-cache` names need validation before each use, and are not sent without (RFC 9111 §5.2.2.4). */
function storedLines({ head, lines }: Making): FieldLine[] {
  const named = new Set(listOf(controlOf(head.fields).directives.get('no-cache')));
  return replayable(lines, head.fields).filter(([name]) => !named.has(name.toLowerCase()));
}

/** The response's own Vary and what earlier ones of this URI varied by, less what the key covers anyway. */
function nominatedBy({ head, request, rules, varyNames }: Making): StoredResponse['nominated'] {
  const own = nominatedNames(head.fields.get('vary'));
  // Encoded bytes are for who takes that encoding, whether the handler remembered to say so or not.
  const encoded = head.fields.get('content-encoding') === undefined ? [] : ['accept-encoding'];
  const covered = new Set(rules.credentialsCovered ? [...rules.vary, 'cookie', 'authorization'] : rules.vary);
  const names = [...new Set([...varyNames, ...own, ...encoded])].filter((name) => !covered.has(name)).sort();
  return nominate(names, request.fields);
}

/** The stored response with its bytes; with an entity tag from them where the handler gave none. */
export function withBody(
  response: StoredResponse,
  body: Buffer,
  strength: 'strong' | 'weak',
): StoredResponse {
  if (response.etag !== undefined || !hasContent(response.status)) return { ...response, body };
  const etag = entityTag(body, strength);
  return { ...response, body, etag, ownEtag: true, lines: [...response.lines, ['ETag', etag]] };
}

const NO_BODY = Buffer.alloc(0);

export const headOf = ({ status, lines }: Pick<ResponseHead, 'status' | 'lines'>): ResponseHead => ({
  status,
  lines,
  fields: fieldsOf(lines),
});

const hasContent = (status: number): boolean => isSuccessful(status) && status !== 204;
