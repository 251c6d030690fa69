import type { RequestHead } from './http/message.ts';
import type { ResolvedPolicy } from './policy.ts';

/** Why a request has nothing to do with the cache, as it reads in `Cache-Status: …; detail=`. */
export type Bypass =
  | 'method'
  | 'skip'
  | 'host'
  | 'target'
  | 'request-body'
  | 'upgrade'
  | 'precondition'
  | 'authorization'
  | 'cookie'
  | 'user';

export interface Asking {
  readonly head: RequestHead;
  /** Somebody upstream has said who is asking: `req.user`, `req.auth`, a session that holds something. */
  readonly authenticated: boolean;
}

type Rule = (
  asking: Asking,
  policy: Pick<ResolvedPolicy, 'ttl' | 'credentialsCovered' | 'cookies'>,
) => Bypass | undefined;

/** What of a request cannot be answered for everybody, or not by a cache at all. */
export function mustForward(asking: Asking, policy: Parameters<Rule>[1]): Bypass | undefined {
  for (const rule of RULES) {
    const reason = rule(asking, policy);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const when =
  (reason: Bypass, applies: (asking: Asking, policy: Parameters<Rule>[1]) => boolean): Rule =>
  (asking, policy) =>
    applies(asking, policy) ? reason : undefined;

const sends =
  (...names: string[]) =>
  ({ head }: Asking): boolean =>
    names.some((name) => head.fields.get(name) !== undefined);

const isAnswered = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** A POST may say that its answer is what a GET would get, and for how long (RFC 9110 §9.3.3). */
const mayAnswerGet = (method: string, { ttl }: Parameters<Rule>[1]): boolean =>
  method === 'POST' && ttl === undefined;

const RULES: readonly Rule[] = [
  when('method', ({ head }, policy) => !isAnswered(head.method) && !mayAnswerGet(head.method, policy)),
  // RFC 9112 §3.2: none, or several, name no target that two requests could share.
  when('host', ({ head }) => head.authority === ''),
  when('target', ({ head }) => !head.target.startsWith('/')),
  when('request-body', ({ head }) => head.hasBody && isAnswered(head.method)),
  when('upgrade', sends('upgrade')),
  // RFC 9110 §13.1.1, §13.1.4: about the origin's present state, which no copy can vouch for.
  when('precondition', sends('if-match', 'if-unmodified-since')),
  // Without a ttl a response says itself whether it is for everybody (RFC 9111 §3.5).
  when(
    'authorization',
    (asking, policy) =>
      policy.ttl !== undefined && !policy.credentialsCovered && sends('authorization')(asking),
  ),
  when(
    'cookie',
    (asking, policy) => !policy.credentialsCovered && policy.cookies === 'bypass' && sends('cookie')(asking),
  ),
  when('user', ({ authenticated }, policy) => !policy.credentialsCovered && authenticated),
];
