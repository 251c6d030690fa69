import type { Cache, Fill, Reads } from '@larder/core';
import type { Request, Response } from 'express';
import { disconnected } from './forward/unseen-response.ts';
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

export const ongoing = new WeakMap<Response, Ongoing>();

/** Nobody waits for an unseen response whose fill is over: what it has not said by then, it need not say. */
export function endWhenOver(res: Response, fill: Fill): void {
  fill.over.then(() => {
    // A policy nearer to the handler may have taken it over.
    if (ongoing.get(res)?.fill === fill && !res.writableFinished) res.req.socket.destroy(disconnected());
  });
}
