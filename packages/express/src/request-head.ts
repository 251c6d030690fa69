import { type Fields, type RequestHead, trimOws } from '@larder/core';
import type { Request } from 'express';

/** The request as the cache sees it: the target URI that the client named, wherever a router has come to. */
export function requestHead(req: Request): RequestHead {
  return {
    method: req.method,
    scheme: req.protocol,
    authority: authorityOf(req),
    target: req.originalUrl,
    rewritten: rewrittenUrl(req),
    fields: fieldsOfRequest(req),
    hasBody: hasBody(req),
  };
}

export const fieldsOfRequest = ({ headers }: Pick<Request, 'headers'>): Fields => ({
  get(name) {
    if (!Object.hasOwn(headers, name)) return undefined;
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  },
});

/** A router takes its mount path off the URL and makes an empty rest "/"; anything else is somebody's rewriting. */
function rewrittenUrl({ baseUrl, url, originalUrl }: Request): string | undefined {
  const routed = baseUrl + url;
  const unslashed = baseUrl + url.slice(1);
  return routed === originalUrl || (baseUrl !== '' && unslashed === originalUrl) ? undefined : routed;
}

/** RFC 9110 §7.2; behind a proxy that Express was told to trust, the host which that proxy was asked for. */
function authorityOf(req: Request): string {
  if (hostLines(req.rawHeaders) !== 1) return '';
  const forwarded = req.headers['x-forwarded-host'];
  if (typeof forwarded === 'string' && isTrusted(req)) return firstOf(forwarded).toLowerCase();
  return req.headers.host?.toLowerCase() ?? '';
}

/** As Express reads it, to the byte. */
function firstOf(list: string): string {
  const comma = list.indexOf(',');
  return comma === -1 ? list : list.slice(0, comma).trimEnd();
}

function isTrusted(req: Request): boolean {
  const trust: unknown = req.app.get('trust proxy fn');
  return typeof trust === 'function' && trust(req.socket.remoteAddress, 0) === true;
}

/** Node keeps the first of several Host fields and forgets that there were more. */
function hostLines(rawHeaders: readonly string[]): number {
  let lines = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') lines += 1;
  }
  return lines;
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/** Whether somebody upstream has said who is asking. A session that holds nothing is nobody. */
export function isAuthenticated(req: Request): boolean {
  const { user, auth, session } = req as Request & { user?: unknown; auth?: unknown; session?: unknown };
  return user != null || isIdentity(auth) || holdsData(session);
}

/** Some libraries put an object on every request and say inside it whether anybody is there. */
function isIdentity(auth: unknown): boolean {
  return auth != null && auth !== false;
}

function holdsData(session: unknown): boolean {
  if (typeof session !== 'object' || session === null) return false;
  return Object.keys(session).some((name) => name !== 'cookie');
}

/** Values of the named cookies as they were sent; null for one that was not. */
export function cookieValues(req: Request, names: readonly string[]): [name: string, value: string | null][] {
  if (names.length === 0) return [];
  const sent = new Map<string, string>();
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    const name = trimOws(pair.slice(0, equals));
    if (equals > 0 && !sent.has(name)) sent.set(name, trimOws(pair.slice(equals + 1)));
  }
  return names.map((name) => [name, sent.get(name) ?? null]);
}
