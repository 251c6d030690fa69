import { type Cache, invalidOptions } from '@larder/core';
import type { Express, Request, Response } from 'express';
import { bareRequest } from './forward/bare-request.ts';
import { disconnected, unseenResponse } from './forward/unseen-response.ts';
import { UnseenSocket } from './forward/unseen-socket.ts';
import { type Ahead, begin } from './ongoing.ts';
import { Visit } from './visit.ts';

export interface AheadOptions {
  /** Seconds from one look to the next, a tenth more or less. Default 60. */
  readonly every?: number;
}

/** Ms after which a request that nothing takes, and nobody answers, is given up. */
const DEADLINE_MS = 60_000;
const LONGEST_SECONDS = 86_400;

/**
 * Keeps the response of a URL from ever ending: every so often a request for it goes through the app, with no client
 * behind it, to the `cacheResponse` that keeps it, whose handler runs if it would end before the next look.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function refreshAhead(
  cache: Cache,
  app: Express,
  url: string,
  { every = 60 }: AheadOptions,
): () => void {
  const target = targetOf(url);
  if (typeof app !== 'function') throw invalidOptions('refreshAhead', app, 'give the app first');
  if (!(typeof every === 'number' && every > 0 && every <= LONGEST_SECONDS))
    throw invalidOptions(
      'refreshAhead.every',
      every,
      `give seconds, more than 0 and at most ${LONGEST_SECONDS}`,
    );
  return cache.schedule(every * 1000, async (ms) => {
    const ahead: Ahead = { cache, ms, taken: false };
    await sent(cache, app, target, ahead);
    if (!ahead.taken)
      throw invalidOptions(
        'refreshAhead',
        url,
        'no cacheResponse of this cache is on its way, or it bypasses',
      );
  });
}

/** Resolves when it has been answered, or given up. */
async function sent(
  cache: Cache,
  app: Express,
  { protocol, host, target }: Target,
  ahead: Ahead,
): Promise<void> {
  const encrypted = protocol === 'https:';
  const socket = new UnseenSocket({ encrypted, remoteAddress: '127.0.0.1', server: undefined });
  const req = bareRequest(socket, target, [['Host', host]]);
  const res = unseenResponse(req);
  begin(res, { visit: Visit.unseen(cache), ahead });
  const cancel = cache.clock.after(DEADLINE_MS, () => socket.destroy(disconnected()));
  await new Promise<void>((resolve) => {
    res.once('close', resolve);
    (app as unknown as (req: Request, res: Response) => void)(req, res);
  });
  cancel();
}

interface Target {
  readonly protocol: string;
  readonly host: string;
  readonly target: string;
}

function targetOf(url: string): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw invalidOptions(
      'refreshAhead',
      url,
      'give the whole URL that clients ask for: https://shop.example/report',
    );
  return { protocol: parsed.protocol, host: parsed.host, target: parsed.pathname + parsed.search };
}
