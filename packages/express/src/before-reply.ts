import type { Response } from 'express';
import { linesOf, restoreLines } from './head.ts';

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders';

/**
 * Holds a response from its first byte until `action` is done, and the end of a streamed one once more. `status` is what the handler answers, or
 * undefined when the connection broke before it did; should it answer after that, `action` runs again.
 *
 * To the handler it is as if the response were on its way: what it answers first counts. A second answer, such
 * as an error handler's, is dropped once the first is whole; while it is not, the head says that it is sent,
 * so that whoever would answer again cuts the connection instead.
 */
export function beforeReply(res: Response, action: (status: number | undefined) => Promise<void>): void {
  const original = {
    writeHead: res.writeHead,
    write: res.write,
    end: res.end,
    flushHeaders: res.flushHeaders,
  };
  const held: (() => void)[] = [];
  let phase: 'waiting' | 'holding' | 'open' = 'waiting';
  let whole = false;

  const hold = (status: number): void => {
    phase = 'holding';
    const thaw = freeze(res, () => !whole);
    const release = (): void => {
      phase = 'open';
      thaw();
      for (const call of held.splice(0)) call();
      if (!res.writableNeedDrain && !res.writableEnded) res.emit('drain');
    };
    action(status).then(release, release);
  };
  /** Whoever wrapped the response after us keeps calling this, so that it must let through once it is open. */
  const gate =
    <R>(method: Method, meanwhile: R) =>
    (...args: unknown[]): R => {
      const call = () => (original[method] as (...args: unknown[]) => R).apply(res, args);
      // A streamed answer may still be writing when it begins: its end waits as its beginning did.
      const streamedEnd = phase === 'open' && method === 'end' && !whole;
      if (phase === 'open' && !streamedEnd) return call();
      if (whole) return meanwhile;
      held.push(call);
      whole = method === 'end';
      if (phase !== 'holding') hold(method === 'writeHead' ? (args[0] as number) : res.statusCode);
      return meanwhile;
    };

  res.writeHead = gate('writeHead', res) as Response['writeHead'];
  res.write = gate('write', false) as Response['write'];
  res.end = gate('end', res) as Response['end'];
  res.flushHeaders = gate('flushHeaders', undefined);
  res.once('close', () => {
    if (phase === 'waiting') action(undefined).catch(() => {});
  });
}

/** Keeps a head as it is now; returns what undoes every change since. */
function freeze(res: Response, headersSent: () => boolean): () => void {
  const { statusCode, statusMessage } = res;
  const lines = linesOf(res);
  Object.defineProperty(res, 'headersSent', { configurable: true, get: headersSent });
  return () => {
    Reflect.deleteProperty(res, 'headersSent');
    if (res.headersSent) return;
    Object.assign(res, { statusCode, statusMessage });
    restoreLines(res, lines);
  };
}
