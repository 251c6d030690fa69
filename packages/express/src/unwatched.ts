import type { RequestHandler } from 'express';
import { suspend } from './watch.ts';

/**
 * A middleware behind the cache that shapes no response: a logger, a rate limiter, analytics. What it reads of the
 * request until it calls `next` is not held against the response; what is hidden from handlers is hidden from it too.
 *
 * The record stops for this request alone, whose handler has not begun, and for all that time: where the middleware
 * waits for something, so does everything that comes after it. What it reads once it has called `next` counts.
 */
export function unwatched(middleware: RequestHandler): RequestHandler {
  return function unwatchedMiddleware(req, res, next) {
    const resume = suspend(req);
    if (resume === undefined) return middleware(req, res, next);
    const goOn = () => {
      res.removeListener('close', goOn);
      resume();
    };
    res.once('close', goOn);
    try {
      const result: unknown = middleware(req, res, (...args: unknown[]) => {
        goOn();
        return next(...(args as [unknown]));
      });
      return (result instanceof Promise ? resumingWhenItFails(result, goOn) : result) as void | Promise<void>;
    } catch (error) {
      goOn();
      throw error;
    }
  };
}

/** The promise that Express, or Node, is to find rejected is the one that comes back. */
function resumingWhenItFails(promise: Promise<unknown>, goOn: () => void): Promise<unknown> {
  return promise.catch((error: unknown) => {
    goOn();
    throw error;
  });
}
