import type { StoredResponse } from '@larder/core';
import type { Response } from 'express';
import type { FillCaptureParts } from './fill-parts.ts';

/**
 * Calls `stand` with a stale response where the handler takes longer than a client has to wait while there is one, and
 * it has not been invalidated. Returns the cancellation.
 */
export function whenSlow(
  { cache, fill, visit }: FillCaptureParts,
  stand: (stored: StoredResponse) => void,
): () => void {
  const { standIn } = fill;
  if (standIn === undefined || visit.isUnseen) return () => {};
  return cache.clock.after(standIn.afterMs, () => {
    fill.fail();
    fill
      .stillStands()
      .then((stands) => {
        if (stands) stand(standIn.stored);
      })
      .catch((error) => {
        const { namespace } = cache;
        cache.observe({ type: 'error', namespace, doing: 'stand in for a slow handler', error });
      });
  });
}

const CHANGES_HEAD = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const;

/** The handler has not heard that its response was answered for it: what it says from now on is lost, and no error. */
export function shut(res: Response): void {
  // The connection may serve its client's next request by now, which is none of an error's business.
  const { socket } = res.req;
  const kept: typeof socket = Object.create(socket, { destroy: { value: () => kept } });
  Object.defineProperty(res.req, 'socket', { configurable: true, writable: true, value: kept });
  for (const name of CHANGES_HEAD) {
    if (name in res)
      Object.defineProperty(res, name, { configurable: true, writable: true, value: () => res });
  }
}
