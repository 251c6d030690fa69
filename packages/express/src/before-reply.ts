import type { Response } from 'express';
import { applyHead } from './head.ts';

/** Node builds and checks a head with this, and puts nothing on the wire; its types leave it out. */
interface BuildsHead {
  _implicitHeader(): void;
}

/**
 * Holds a response's bytes from the first one until `action` is done, and the end of a streamed one until it is
 * done once more. `status` is what the handler answers, or undefined when the connection broke before it did;
 * should it answer after that, `action` runs again. Resolves when the handler has ended and nothing is held any more.
 *
 * Only bytes wait. The head is built at once, so that what is wrong with it is thrown where the handler can see it
 * and a second answer is refused as it would be without us.
 */
export function beforeReply(
  res: Response,
  action: (status: number | undefined) => Promise<void>,
): Promise<void> {
  const original = {
    writeHead: res.writeHead,
    write: res.write,
    end: res.end,
    flushHeaders: res.flushHeaders,
    on: res.on,
  };
  const { socket } = res.req;
  const held: (() => void)[] = [];
  const drains: ((...args: unknown[]) => void)[] = [];
  let phase: 'waiting' | 'holding' | 'open' = 'waiting';
  let ended = false;
  let streamed = false;
  let again = false;
  let opened = () => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });

  const hold = (): void => {
    if (phase === 'holding') return;
    phase = 'holding';
    action(res.statusCode).then(release, release);
  };
  const release = (): void => {
    if (again) {
      again = false;
      action(res.statusCode).then(release, release);
      return;
    }
    phase = 'open';
    if (ended) opened();
    Reflect.deleteProperty(res, 'writableEnded');
    if (Object.hasOwn(socket, 'destroy')) Reflect.deleteProperty(socket, 'destroy');
    for (const call of held.splice(0)) call();
    if (ended) return;
    if (!res.writableNeedDrain) res.emit('drain');
    for (const listener of drains.splice(0)) listener.call(res);
  };
  const buildHead = (whole?: string | Uint8Array, encoding?: BufferEncoding): void => {
    if (res.headersSent) return;
    const bodiless = res.statusCode === 204 || res.statusCode === 304 || res.req.method === 'HEAD';
    const framed = res.hasHeader('Content-Length') || res.hasHeader('Transfer-Encoding');
    if (whole !== undefined && !bodiless && !framed)
      res.setHeader('Content-Length', Buffer.byteLength(whole, encoding));
    (res as unknown as BuildsHead)._implicitHeader();
  };
  /** Express cuts the connection of a handler that fails after its answer: not before the answer is out. */
  const postponeCut = (): void => {
    socket.destroy = (error) => {
      Reflect.deleteProperty(socket, 'destroy');
      res.once('close', () => socket.destroy(error));
      return socket;
    };
  };

  // Whoever wrapped the response before us may keep these where an emit on the response does not reach them.
  res.on = function on(type: string, listener: (...args: unknown[]) => void) {
    if (type === 'drain' && phase === 'holding') drains.push(listener);
    return original.on.call(res, type, listener);
  } as Response['on'];

  // Node keeps what is given here out of getHeader's sight, and `action` wants to read it.
  res.writeHead = function writeHead(status: number, ...args: unknown[]) {
    if (res.headersSent) return original.writeHead.call(res, status, ...(args as []));
    applyHead(res, status, args);
    return original.writeHead.call(res, res.statusCode);
  } as Response['writeHead'];

  res.flushHeaders = function flushHeaders() {
    if (phase === 'open') return original.flushHeaders.call(res);
    buildHead();
    streamed = true;
    held.push(() => original.flushHeaders.call(res));
    hold();
  };

  res.write = function write(...args: unknown[]) {
    const call = () => (original.write as (...args: unknown[]) => boolean).apply(res, args);
    if (phase === 'open' || ended) return call();
    refuseUnlessBytes(args[0]);
    buildHead();
    streamed = true;
    held.push(call);
    hold();
    return false;
  } as Response['write'];

  res.end = function end(...args: unknown[]) {
    const call = () => (original.end as (...args: unknown[]) => Response).apply(res, args);
    if (ended) return call();
    const chunk = typeof args[0] === 'function' ? undefined : (args[0] ?? undefined);
    if (chunk !== undefined) refuseUnlessBytes(chunk);
    const encoding = typeof args[1] === 'string' ? (args[1] as BufferEncoding) : undefined;
    buildHead(streamed ? undefined : ((chunk ?? '') as string | Uint8Array), encoding);
    ended = true;
    Object.defineProperty(res, 'writableEnded', { configurable: true, value: true });
    held.push(call);
    postponeCut();
    // What was written since the first run began is not in it.
    again = phase === 'holding' && streamed;
    hold();
    return res;
  } as Response['end'];

  res.once('close', () => {
    if (phase === 'waiting') action(undefined).catch(() => {});
  });
  return open;
}

/** As Node would, and where Node would: later there would be nobody to catch it. */
function refuseUnlessBytes(chunk: unknown): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return;
  const message = 'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array.';
  throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}
