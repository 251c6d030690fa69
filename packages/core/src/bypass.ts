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
  | 'range'
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
  policy: Pick<ResolvedPolicy, 'credentialsCovered' | 'cookies'>,
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

const RULES: readonly Rule[] = [
  when('method', ({ head }) => head.method !== 'GET' && head.method !== 'HEAD'),
  // RFC 9112 §3.2: none, or several, name no target that two requests could share.
  when('host', ({ head }) => head.authority === ''),
  when('target', ({ head }) => !head.target.startsWith('/')),
  when('request-body', ({ head }) => head.hasBody),
  when('upgrade', sends('upgrade')),
  when('range', sends('range')),
  // RFC 9110 §13.1.1, §13.1.4: about the origin's present state, which no copy can vouch for.
  when('precondition', sends('if-match', 'if-unmodified-since')),
  when('authorization', (asking, policy) => !policy.credentialsCovered && sends('authorization')(asking)),
  when(
    'cookie',
    (asking, policy) => !policy.credentialsCovered && policy.cookies === undefined && sends('cookie')(asking),
  ),
  when('user', ({ authenticated }, policy) => !policy.credentialsCovered && authenticated),
];
