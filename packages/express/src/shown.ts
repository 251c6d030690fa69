import { PRECONDITION_FIELDS, type RequestHead } from '@larder/core';
import type { Request } from 'express';
import { cookieValues } from './request-head.ts';

export interface WatchRules {
  /** Names of cookies that the handler may see; undefined for all of them. */
  readonly cookiesShown: readonly string[] | undefined;
  /** What stands in place of the client's preconditions, by lower-case name; undefined leaves them to the handler. */
  readonly conditions: Readonly<Record<string, string>> | undefined;
  /** What the key was made from. */
  readonly keyed: Pick<RequestHead, 'scheme' | 'authority'>;
  /** Nobody wants to know what is read: the handler may have plain objects. */
  readonly unrecorded: boolean;
  /** Whether it is the handler who reads now; anybody else sees the request as it was sent. Default: it always is. */
  readonly here?: () => boolean;
}

const PRECONDITIONS: ReadonlySet<string> = new Set(PRECONDITION_FIELDS);

export type Values = Record<string, unknown>;

/** What upstream code put on the prototype, or left out of it, is the handler's to find as well. */
export const copyOf = (values: Values): Values =>
  ({ __proto__: Object.getPrototypeOf(values), ...values }) as Values;

/** Fields less what must not shape a response that others will get. */
export function shownFields(sent: Values, { cookiesShown, conditions }: WatchRules): Values {
  const shown = copyOf(sent);
  if (conditions !== undefined) for (const name of PRECONDITION_FIELDS) delete shown[name];
  if (cookiesShown !== undefined && sent.cookie !== undefined) {
    const cookie = cookieLine(sent.cookie, cookiesShown);
    if (cookie === undefined) delete shown.cookie;
    else shown.cookie = cookie;
  }
  return Object.assign(shown, conditions);
}

/** The same with every field's lines as a list. */
export function shownLines(sent: Values, rules: WatchRules): Values {
  const { cookie, ...rest } = sent;
  const joined = cookie === undefined ? {} : { cookie: (cookie as string[]).join('; ') };
  const shown = shownFields({ ...rest, ...joined }, rules);
  for (const [name, value] of Object.entries(shown)) if (!Array.isArray(value)) shown[name] = [value];
  return Object.assign(Object.create(Object.getPrototypeOf(sent)), shown);
}

/** The same as names and values in turn, in the client's order and letters. */
export function shownRaw(sent: readonly string[], { cookiesShown, conditions }: WatchRules): string[] {
  const shown: string[] = [];
  const cookies: string[] = [];
  for (let i = 0; i < sent.length; i += 2) {
    const name = sent[i]!;
    const lower = name.toLowerCase();
    if (conditions !== undefined && PRECONDITIONS.has(lower)) continue;
    if (lower === 'cookie' && cookiesShown !== undefined) cookies.push(sent[i + 1]!);
    else shown.push(name, sent[i + 1]!);
  }
  const cookie = cookieLine(cookies.join('; '), cookiesShown ?? []);
  if (cookie !== undefined) shown.push('Cookie', cookie);
  return shown.concat(...Object.entries(conditions ?? {}));
}

/** Parsed cookies, less those that are hidden. */
export function shownCookies(sent: Values, { cookiesShown }: WatchRules): Values {
  if (cookiesShown === undefined) return copyOf(sent);
  const shown = Object.create(Object.getPrototypeOf(sent)) as Values;
  for (const name of cookiesShown) if (Object.hasOwn(sent, name)) shown[name] = sent[name];
  return shown;
}

function cookieLine(sent: unknown, names: readonly string[]): string | undefined {
  const kept = cookieValues({ headers: { cookie: sent } } as Request, names).filter(
    ([, value]) => value !== null,
  );
  return kept.length === 0 ? undefined : kept.map((pair) => pair.join('=')).join('; ');
}
