import type { Socket } from 'node:net';
import type { Request } from 'express';
import { shownCookies, type Values, type WatchRules } from '../shown.ts';

import { bareRequest } from './bare-request.ts';
import { addressFor, fieldsFor, type Shown } from './unseen-fields.ts';
import { UnseenSocket } from './unseen-socket.ts';

export type { Shown } from './unseen-fields.ts';

/**
 * A GET for what `live` asks for, at the same place in the stack, that shows only what is in the key and, where it is
 * `kept`, what middleware upstream has put on it. It has its own listeners, and its own properties down to parameters
 * and query.
 */
export function unseenRequest(live: Request, shown: Shown, upstream: 'kept' | 'none'): Request {
  const { server } = live.socket as Socket & { server?: unknown };
  const encrypted = live.protocol === 'https';
  const socket = new UnseenSocket({ encrypted, remoteAddress: addressFor(live), server });
  const req = bareRequest(socket, live.url, fieldsFor(live, shown));
  copyProperties(live, req, shown, upstream);
  Object.setPrototypeOf(req, Object.getPrototypeOf(live));
  return req;
}

const IDENTITY = new Set(['user', 'auth', 'session', 'sessionID']);
const PARSED_COOKIES = new Set(['cookies', 'signedCookies']);
const OWN_VALUES = new Set(['params', 'query', 'body']);

/** Of this exchange and of its client: what others note on a request to find it again, and where it came from. */
const OF_THE_EXCHANGE = new Set([
  ...['res', 'next', '_parsedUrl', '_parsedOriginalUrl', '__onFinished'],
  ...['ip', 'ips', 'clientIp', '_remoteAddress'],
]);

/** What routers say of the place that a request has come to. */
export const PLACE: readonly string[] = ['originalUrl', 'baseUrl', 'params', 'query', 'route'];

/**
 * What middleware upstream has put on the request, by name. What Node has there by itself is new, and of symbols nobody
 * can tell whose they are.
 */
function copyProperties(live: Request, req: Request, shown: Shown, upstream: 'kept' | 'none'): void {
  for (const name of upstream === 'kept' ? Object.getOwnPropertyNames(live) : PLACE) {
    const property = Object.getOwnPropertyDescriptor(live, name);
    if (property === undefined || name in req || !mayKeep(name, property, shown)) continue;
    if ('value' in property) property.value = copied(name, property.value, shown);
    Object.defineProperty(req, name, property);
  }
}

function mayKeep(name: string, { get }: PropertyDescriptor, { credentials }: Shown): boolean {
  if (OF_THE_EXCHANGE.has(name)) return false;
  return credentials || !(IDENTITY.has(name) || (PARSED_COOKIES.has(name) && get !== undefined));
}

function copied(name: string, value: unknown, { cookies, credentials }: Shown): unknown {
  if (OWN_VALUES.has(name)) return copyOf(value);
  if (credentials || !PARSED_COOKIES.has(name) || typeof value !== 'object' || value === null)
    return unaborted(value);
  return shownCookies(value as Values, { cookiesShown: cookies } as WatchRules);
}

/** The client may leave; nobody waits here. */
export function unaborted(value: unknown): unknown {
  if (value instanceof AbortController) return new AbortController();
  return value instanceof AbortSignal ? new AbortController().signal : value;
}

/** Of what parsers make; anything else is shared, as it is between requests. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const copy = Object.create(prototype);
  for (const [name, held] of Object.entries(value)) {
    const property = { value: copyOf(held), writable: true, enumerable: true, configurable: true };
    Object.defineProperty(copy, name, property);
  }
  return copy;
}
