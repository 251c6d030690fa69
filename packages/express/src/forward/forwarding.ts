import { AsyncResource } from 'node:async_hooks';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { FieldLine } from '@larder/core';
import type { Request, RequestHandler, Response } from 'express';
import type { Shown } from './unseen-fields.ts';
import { disconnected } from './unseen-response.ts';

/** A request with no client behind it, which goes through the app once it is started. */
export interface Forwarding {
  readonly req: Request;
  readonly res: Response;
  /**
   * Sends it on its way, once, in the asynchronous context of the request that triggered it, within which `around` may
   * make one of its own. Nothing is thrown, and one that was aborted stays where it is.
   */
  start(around?: (go: () => void) => void): void;
  /** Ends it as if its client had left; the response closes. */
  abort(): void;
}

export interface ForwardingParts {
  /** The function that was given to Express. */
  readonly own: RequestHandler;
  /** As they were when it was entered. */
  readonly req: Request;
  readonly res: Response;
  /** Lines that the response had there. */
  readonly before: readonly FieldLine[];
  readonly shown: Shown;
}

/** `run` is given what to do where nobody answers: the response closes without an end, as one that was destroyed. */
export function startable(req: Request, res: Response, run: (left: () => void) => void): Forwarding {
  const context = new AsyncResource('LarderForwarding');
  const left = () => void req.socket.destroy();
  let started = false;
  return {
    req,
    res,
    start(around = (go) => go()) {
      if (started || req.socket.destroyed) return;
      started = true;
      const go = () => {
        try {
          run(left);
        } catch {
          left();
        }
      };
      context.runInAsyncScope(() => around(go));
    },
    abort() {
      req.socket.destroy(disconnected());
    },
  };
}

/** Requests of HTTP/2, and of tools that inject them, are made otherwise; so may be what upstream has made of one. */
export function forwardable(
  req: Request,
  res: Response,
  make: () => Forwarding | undefined,
): Forwarding | undefined {
  if (!(req instanceof IncomingMessage && res instanceof ServerResponse)) return undefined;
  try {
    return make();
  } catch {
    return undefined;
  }
}
