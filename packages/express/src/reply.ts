import {
  belongsOn304,
  type CacheStatus,
  currentAge,
  type Fields,
  formatCacheStatus,
  isNotModified,
  mergeLists,
  type StoredResponse,
  xCache,
} from '@larder/core';
import type { Request, Response } from 'express';
import type { End } from './capture.ts';

export interface Reply {
  /** The request's own fields, the preconditions among them. */
  readonly asked: Fields;
  readonly stored: StoredResponse;
  readonly status: CacheStatus;
  readonly statusHeaders: boolean;
  readonly now: number;
  /** Ends the response; a capture in the way is passed by. */
  readonly end: End;
}

/** Sends a stored response: whole, as a head, or as 304 to a client that has it already. */
export function reply(
  req: Request,
  res: Response,
  { asked, stored, status, statusHeaders, now, end }: Reply,
): void {
  const notModified = stored.status < 300 && isNotModified(asked, stored);
  res.statusCode = notModified ? 304 : stored.status;
  // Left empty it is what belongs to the code; a handler that failed may have left its own.
  res.statusMessage = '';
  for (const [name, value] of stored.lines) {
    const key = name.toLowerCase();
    if (value.length === 0 && typeof value !== 'string') res.removeHeader(name);
    else if (key === 'vary') varyBy(res, String(value));
    else if (!notModified || belongsOn304(key)) res.setHeader(name, value);
  }
  if (statusHeaders) {
    res.setHeader('Age', String(currentAge(stored.generatedAt, now)));
    tellStatus(res, status);
  }
  if (!notModified) res.setHeader('Content-Length', String(stored.body.length));
  end(notModified || req.method === 'HEAD' ? undefined : stored.body);
}

/** `X-Cache` for people, `Cache-Status` for everything else (RFC 9211). */
export function tellStatus(res: Response, status: CacheStatus): void {
  res.setHeader('X-Cache', xCache(status));
  const before = res.getHeader('Cache-Status');
  res.setHeader('Cache-Status', formatCacheStatus(status, before === undefined ? undefined : String(before)));
}

/** Adds names to Vary, each once. */
export function varyBy(res: Response, names: string): void {
  const merged = mergeLists(String(res.getHeader('Vary') ?? ''), names);
  if (merged !== '') res.setHeader('Vary', merged);
}
