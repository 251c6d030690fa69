import { type Cache, type Fill, NOTHING_READ, type Reads } from '@larder/core';
import type { Request, Response } from 'express';
import { disconnected } from './forward/unseen-response.ts';
import { untellStatus } from './reply.ts';
import type { Visit } from './visit.ts';

/** What is under way for a response, until a policy nearer to the handler takes it over. */
export interface Ongoing {
  readonly visit: Visit;
  /** Absent where the cache leaves the request alone. */
  readonly fill?: Fill;
  readonly capture?: {
    /** What was read of the request so far. */
    giveUp(): Reads;
  };
  readonly ahead?: Ahead | undefined;
  readonly live?: Live | undefined;
}

/** The request that set a refresh off: what upstream has bound to it still reads it. */
export interface Live {
  readonly req: Request;
  /** Whether it is the refresh that reads. */
  readonly here: () => boolean;
}

/** A request that asks for nothing but that its response stay fresh for `ms`. */
export interface Ahead {
  readonly cache: Cache;
  readonly ms: number;
  /** A policy has made it its business. */
  taken: boolean;
}

const ongoing = new WeakMap<Response, Ongoing>();

/** How the response's policy leaves it to one that knows nothing of it: the same name in every copy of this package. */
const STEP_BACK: unique symbol = Symbol.for('@larder/express.stepBack') as never;

type Shared = Response & { [STEP_BACK]?: (() => void) | undefined };

/** From here on the response is under a policy. */
export function begin(res: Response, policy: Ongoing): void {
  ongoing.set(res, policy);
  (res as Shared)[STEP_BACK] = () => takeOver(res).fill?.abandon('nested');
}

export const isUnder = (res: Response, fill: Fill): boolean => ongoing.get(res)?.fill === fill;

/** What an outer policy leaves to one nearer to the handler, which decides. */
export interface Outer {
  readonly readBefore: Reads;
  /** To be adopted or abandoned. */
  readonly fill: Fill | undefined;
  readonly ahead: Ahead | undefined;
  readonly live: Live | undefined;
  readonly isUnseen: boolean;
}

export function takeOver(res: Response): Outer {
  const outer = ongoing.get(res);
  ongoing.delete(res);
  const stepBack = (res as Shared)[STEP_BACK];
  (res as Shared)[STEP_BACK] = undefined;
  // Another copy of the package would store what this one tags, and miss its tags; and hold the lock that it waits for.
  if (outer === undefined) stepBack?.();
  const readBefore = outer?.capture?.giveUp() ?? NOTHING_READ;
  outer?.visit.handOver();
  if (outer !== undefined && !res.headersSent) untellStatus(res);
  const { fill, ahead, live, visit } = outer ?? {};
  return { readBefore, fill, ahead, live, isUnseen: visit?.isUnseen ?? false };
}

/** Nobody waits for an unseen response whose fill is over: what it has not said by then, it need not say. */
export function endWhenOver(res: Response, fill: Fill): void {
  fill.over.then(() => {
    // A policy nearer to the handler may have taken it over.
    if (isUnder(res, fill) && !res.writableFinished) res.req.socket.destroy(disconnected());
  });
}
