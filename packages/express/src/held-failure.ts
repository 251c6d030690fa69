import { type FieldLine, type ForwardStatus, OWN_FIELD } from '@larder/core';
import type { Response } from 'express';
import type { End } from './capture.ts';
import { linesOf, restoreLines } from './head.ts';
import { tellStatus } from './reply.ts';

/**
 * A handler's failed answer, held until it is known whether a stale response may stand in for it. Its head is kept as
 * it was: an error handler that answers once more meanwhile would change it under a body that is not its own.
 */
export class HeldFailure {
  readonly #res: Response;
  readonly #status: number;
  readonly #message: string;
  readonly #lines: readonly FieldLine[];

  constructor(res: Response) {
    this.#res = res;
    this.#status = res.statusCode;
    this.#message = res.statusMessage;
    this.#lines = linesOf(res);
  }

  /** Lets `reply` stand in for it, on the lines that were there before the handler. False when it could not. */
  coverBy(before: readonly FieldLine[], reply: () => void): boolean {
    try {
      restoreLines(this.#res, before);
      reply();
      return true;
    } catch (error) {
      // Something upstream refused it; a client that waits for an answer gets the one there is.
      if (this.#res.headersSent) throw error;
      return false;
    }
  }

  /** Sends it after all; without its bytes where they were too many to keep. */
  release(status: ForwardStatus, statusHeaders: boolean, body: Buffer | undefined, end: End): void {
    const res = this.#res;
    res.statusCode = this.#status;
    res.statusMessage = this.#message;
    restoreLines(res, this.#lines);
    res.removeHeader(OWN_FIELD);
    if (statusHeaders) tellStatus(res, status);
    if (body === undefined) res.removeHeader('Content-Length');
    end(body);
  }
}
