import { ServerResponse } from 'node:http';
import type { FieldLine } from '@larder/core';
import type { Request, Response } from 'express';
import { unaborted } from './unseen-request.ts';
import type { UnseenSocket } from './unseen-socket.ts';

/** The response to a request that nobody sent. It drains, finishes and closes as one on a connection does. */
export function unseenResponse(req: Request): Response {
  const res = new ServerResponse(req) as Response;
  connect(req, res, req.socket as unknown as UnseenSocket);
  req.res = res;
  res.req = req;
  return res;
}

/** The same as `live` is at the cache's place in the stack, where it has the lines `before`. */
export function unseenResponseAs(live: Response, req: Request, before: readonly FieldLine[]): Response {
  const res = unseenResponse(req);
  Object.setPrototypeOf(res, Object.getPrototypeOf(live));
  res.locals = Object.create(Object.getPrototypeOf(live.locals));
  for (const [name, value] of Object.entries(live.locals)) res.locals[name] = unaborted(value);
  res.statusCode = live.statusCode;
  if (live.statusMessage !== undefined) res.statusMessage = live.statusMessage;
  res.sendDate = live.sendDate;
  for (const [name, value] of before) res.setHeader(name, value);
  for (const [name, value] of addedTo(live)) {
    if (!WRAPPERS.has(name)) Object.defineProperty(res, name, { ...value, configurable: true });
  }
  if (Object.hasOwn(live, 'flush')) Object.defineProperty(res, 'flush', { value: () => {} });
  return res;
}

/** What stands between a response and its connection, and sees what the cache has let through: here is no connection. */
const WRAPPERS: ReadonlySet<string> = new Set([
  ...['writeHead', 'write', 'end', 'flushHeaders', 'flush'],
  ...['on', 'once', 'addListener', 'removeListener', 'emit', 'destroy', 'writableNeedDrain'],
]);

/**
 * Whether upstream has put something on a response that a response of its own cannot have: a function of somebody's
 * (a `json` that wraps what it is given) holds on to the one it was made for.
 */
export const isBound = (live: Response): boolean =>
  addedTo(live).some(
    ([name, { value, get }]) => !WRAPPERS.has(name) && (get !== undefined || typeof value === 'function'),
  );

const OF_EXPRESS = new Set(['req', 'locals', 'statusMessage', 'cache']);

/** Own properties that are neither Node's nor Express's. What begins with "_" is for whoever put it there. */
function addedTo(live: Response): [string, PropertyDescriptor][] {
  const node = new Set(Object.getOwnPropertyNames(new ServerResponse(live.req)));
  return Object.entries(Object.getOwnPropertyDescriptors(live)).filter(
    ([name]) => !node.has(name) && !OF_EXPRESS.has(name) && !name.startsWith('_'),
  );
}

/** What Node's server does with a connection and what is on it, first of all listeners. */
function connect(req: Request, res: Response, socket: UnseenSocket): void {
  // Node tells a response that its connection has drained by a mark that only its server can take away again.
  Object.defineProperty(res, 'writableNeedDrain', {
    get: () => !res.destroyed && !res.writableEnded && socket.writableNeedDrain,
    configurable: true,
  });
  socket.on('drain', () => {
    if (!res.destroyed && !res.writableEnded) res.emit('drain');
  });
  socket.on('close', () => {
    if (!res.writableFinished) req.destroy(disconnected());
  });
  res.on('finish', () => {
    req.resume();
    socket.destroySoon();
  });
  res.assignSocket(socket as never);
}

/** As Node says it of a client that has left. */
export const disconnected = (): Error => Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
