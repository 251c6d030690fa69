import type { Response } from 'express';
import { BodyCollector } from './body-collector.ts';
import { isOfPreset } from './cache-control.ts';
import { applyHead } from './head.ts';

/** What to do with a response whose head is complete and not yet sent. */
export type Decision =
  /** As it is; `withoutBody` when the client needs only the head, `keep` when its bytes will be asked for. */
  | { readonly kind: 'send'; readonly withoutBody: boolean; readonly keep: boolean }
  /** Something else is sent in its place through `end`; what the handler still writes is dropped. */
  | { readonly kind: 'replaced'; readonly keep: boolean };

export const AS_IT_IS: Decision = { kind: 'send', withoutBody: false, keep: false };

export interface Watcher {
  /** Runs what is not the handler: middleware upstream, which has wrapped the response before. */
  outside<T>(call: () => T): T;
  /** The head is about to leave: middleware behind the cache has had its say. */
  headGoes(): void;
  /** Node, or somebody upstream, has refused what was to be sent: the error that is thrown gets another answer. */
  broken(): void;
  /**
   * Called once, when the first byte is due and the head may still be changed. `body` is all of it where the
   * handler sends it in one piece. `end` ends the response past the watch.
   */
  head(body: Body, end: End): Decision;
  /** More has been written than is kept; it goes on to the client all the same. */
  tooLarge(): void;
  /** The handler has ended the response; `body` is undefined when it was too large to keep. */
  ended(body: Buffer | undefined): void;
  /** The client has left before the first byte; the handler may go on, or may have noticed and say nothing more. */
  clientLeft(): void;
  /** The client has left in the middle of a stream, which may go on to its end and most likely will not. */
  clientGone(): void;
  /** The handler, or an error, destroyed the response: there is no whole. */
  destroyed(): void;
}

export interface Captured {
  /**
   * Takes the response away from a handler that has not answered yet: what it still says is dropped, and the watcher
   * hears no more. Gives what ends it; undefined when it has answered.
   */
  preempt(): End | undefined;
  /** Gives it back, where nothing could be sent after all. */
  reopen(): void;
}

export type Body = Buffer | 'streamed';

export type End = (body?: Buffer) => void;

type Callback = (error?: Error | null) => void;

/**
 * Watches everything a handler sends. All of Express's ways (`json`, `send`, `sendFile`, `pipe`, `redirect`, the
 * error handler) reach the wire through the functions wrapped here. A body that comes in one piece is held until
 * its head is decided; a streamed one goes out as it comes, under the client's own back-pressure.
 */
export function capture(res: Response, limitBytes: number, watcher: Watcher): Captured {
  const original = {
    writeHead: res.writeHead,
    write: res.write,
    end: res.end,
    flushHeaders: res.flushHeaders,
    destroy: res.destroy,
  };
  const onward = <T>(call: () => T): T => {
    try {
      return watcher.outside(call);
    } catch (error) {
      collector = collecting();
      watcher.broken();
      if (!res.headersSent) phase = 'waiting';
      throw error;
    }
  };
  const collecting = () => new BodyCollector(limitBytes, () => watcher.tooLarge());
  let collector = collecting();
  let phase: 'waiting' | 'sending' | 'head-only' | 'replaced' = 'waiting';
  let over = false;

  const send = (body?: Buffer): void => {
    const bytes = body === undefined || body.length === 0 ? undefined : body;
    const before = phase;
    // For Node calls writeHead while it ends a response that has sent nothing.
    phase = 'sending';
    onward(() => original.end.call(res, bytes as never, undefined as never));
    phase = before;
  };
  const decide = (body: Body): void => {
    if (phase !== 'waiting') return;
    // From here on Node's own calls of writeHead, made while it sends, go through.
    phase = 'sending';
    const decision = watcher.head(body, send);
    if (!decision.keep) collector.letGo();
    if (decision.kind === 'replaced') replace();
    // The head goes out when the handler has ended: whoever pipes into a response takes an early end for a fault.
    if (decision.kind === 'send' && decision.withoutBody) phase = 'head-only';
  };
  const replace = (): void => {
    phase = 'replaced';
    // The response is over for whoever pipes into it; what it read from must not be left waiting for a reader.
    res.on('unpipe', (source: NodeJS.ReadableStream) => source.resume());
  };
  const finish = (settle: () => void): void => {
    if (over) return;
    over = true;
    settle();
  };

  res.writeHead = function writeHead(status: number, ...args: unknown[]) {
    if (phase === 'waiting') applyHead(res, status, args);
    else if (phase === 'sending') {
      watcher.headGoes();
      onward(() => original.writeHead.call(res, status, ...(args as [])));
    }
    return res;
  } as Response['writeHead'];

  res.flushHeaders = function flushHeaders() {
    decide('streamed');
    if (phase === 'sending') onward(() => original.flushHeaders.call(res));
  };

  res.write = function write(chunk: unknown, ...rest: unknown[]) {
    const { encoding, callback } = argumentsOf(rest);
    collector.add(chunk, encoding);
    decide('streamed');
    if (phase === 'sending')
      return onward(() => original.write.call(res, chunk, encoding as BufferEncoding, callback));
    if (callback !== undefined) process.nextTick(callback);
    return true;
  } as Response['write'];

  res.end = function end(...args: unknown[]) {
    const chunk = typeof args[0] === 'function' ? undefined : args[0];
    const { encoding, callback } = argumentsOf(typeof args[0] === 'function' ? args : args.slice(1));
    const inOnePiece = phase === 'waiting';
    if (chunk !== undefined && chunk !== null) collector.add(chunk, encoding);
    const whole = collector.whole();
    decide(inOnePiece && whole !== undefined ? whole : 'streamed');
    if (phase !== 'sending' && callback !== undefined) {
      if (res.writableFinished) process.nextTick(callback);
      else res.once('finish', callback);
    }
    if (phase === 'sending')
      onward(() => original.end.call(res, chunk as never, encoding as never, callback as never));
    else if (phase === 'head-only') {
      if (!over) send();
    }
    finish(() => watcher.ended(whole));
    return res;
  } as Response['end'];

  res.destroy = function destroy(error?: Error) {
    finish(() => watcher.destroyed());
    return original.destroy.call(res, error);
  };

  // A client that leaves lets the handler go on to its end, which is a whole all the same; but a stream that was
  // piped here stops. A connection that nobody left was cut on this side, as Express does when a handler fails
  // after its first byte.
  const { socket } = res.req;
  res.once('close', () => {
    if (over) return;
    if (!socket.readableEnded && socket.errored === null) finish(() => watcher.destroyed());
    else if (phase === 'waiting') {
      watcher.clientLeft();
      res.once('unpipe', () => over || watcher.clientGone());
    } else watcher.clientGone();
  });

  return {
    preempt() {
      if (over || phase !== 'waiting') return undefined;
      over = true;
      collector.letGo();
      replace();
      return send;
    },
    reopen() {
      if (res.headersSent) return;
      over = false;
      phase = 'waiting';
      collector = collecting();
    },
  };
}

/** Whether something upstream has wrapped the response, and may yet change what is sent. */
export const isWrapped = (res: Response): boolean =>
  Object.hasOwn(res, 'end') || (Object.hasOwn(res, 'writeHead') && !isOfPreset(res.writeHead));

function argumentsOf(rest: readonly unknown[]): {
  encoding: BufferEncoding | undefined;
  callback: Callback | undefined;
} {
  return typeof rest[0] === 'function'
    ? { encoding: undefined, callback: rest[0] as Callback }
    : { encoding: rest[0] as BufferEncoding | undefined, callback: rest[1] as Callback | undefined };
}
