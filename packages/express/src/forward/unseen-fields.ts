import type { Request } from 'express';
import { cookieValues, requestHead } from '../request-head.ts';

/** What of the triggering request is in the key, and may shape the response. */
export interface Shown {
  /** Names of fields. */
  readonly fields: readonly string[];
  /** Names of cookies. */
  readonly cookies: readonly string[];
  /** The key tells users apart: who is asking stays as it was. */
  readonly credentials: boolean;
}

/** A field of which there is one line. Of Set-Cookie, which no request has, there could be several. */
export type Line = readonly [name: string, value: string];

/**
 * The fields of a request that shows what is in the key: its scheme and authority, however they came to be known and
 * whoever trusts whom behind the cache, and what the caller lists.
 */
export function fieldsFor(live: Request, shown: Shown): Line[] {
  const listed = new Set(shown.fields.map((name) => name.toLowerCase()));
  return [
    ...target(live).filter(([name]) => !listed.has(name.toLowerCase())),
    ...[...listed].filter((name) => mayShow(live, name)).flatMap((name) => lineOf(live, name)),
    ...credentials(live, shown),
  ];
}

/** Nobody's address, and one that Express trusts to tell of others, or does not, as it does the client's own. */
export const addressFor = (live: Request): string | undefined =>
  NOBODY.find((address) => trusts(live, address) === isTrusted(live));

const NOBODY = ['127.0.0.1', '192.0.2.1', undefined];

const isTrusted = (live: Request): boolean => trusts(live, live.socket.remoteAddress);

function trusts({ app }: Request, address: string | undefined): boolean {
  const trust: unknown = app.get('trust proxy fn');
  return typeof trust === 'function' && trust(address, 0) === true;
}

/** Host and the socket say what the proxy said: behind the cache the same is read whether or not it is believed. */
function target(live: Request): Line[] {
  const { scheme, authority } = requestHead(live);
  const { host } = live.headers;
  const trusted = isTrusted(live);
  const lines: Line[] = [['Host', host?.toLowerCase() === authority ? host : authority]];
  if (trusted && live.headers['x-forwarded-host'] !== undefined) lines.push(['X-Forwarded-Host', authority]);
  if (trusted && live.headers['x-forwarded-proto'] !== undefined) lines.push(['X-Forwarded-Proto', scheme]);
  return lines;
}

const FORWARDED = new Set(['x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-for']);

/** Whatever the caller lists: these are for `credentials` to say, or about what this client has already. */
const NEVER = new Set([
  ...['authorization', 'cookie', 'range', 'if-range'],
  ...['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since'],
]);

/** What a client is not believed about itself must not come to be believed. */
const mayShow = (live: Request, name: string): boolean =>
  !NEVER.has(name) && (!FORWARDED.has(name) || trusts(live, addressFor(live)) === isTrusted(live));

function lineOf({ headers, rawHeaders }: Request, name: string): Line[] {
  if (!Object.hasOwn(headers, name)) return [];
  const written = rawHeaders.find((raw, i) => i % 2 === 0 && raw.toLowerCase() === name) ?? name;
  return [[written, String(headers[name])]];
}

function credentials(live: Request, { cookies, credentials }: Shown): Line[] {
  const { authorization, cookie } = live.headers;
  const kept = cookieValues(live, cookies).filter(([, value]) => value !== null);
  const listed = kept.length === 0 ? undefined : kept.map((pair) => pair.join('=')).join('; ');
  const lines = credentials
    ? { Authorization: authorization, Cookie: cookie }
    : { Authorization: undefined, Cookie: listed };
  return Object.entries(lines).flatMap(([name, value]): Line[] =>
    value === undefined ? [] : [[name, value]],
  );
}
