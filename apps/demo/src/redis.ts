import { Redis } from 'ioredis';

/** Who keeps what in the shop's Redis besides the cache, whose keys begin with `larder:<namespace>:`. */
export interface Prefixes {
  readonly sessions: string;
  readonly limits: string;
  readonly jobs: string;
}

/** The Redis that the cache is in, as everything else in the shop uses it. */
export interface SharedRedis {
  readonly url: string;
  /** For all that a request waits for. What blocks, or subscribes, needs a connection of its own. */
  readonly client: Redis;
  readonly prefixes: Prefixes;
}

export const prefixesOf = (namespace: string): Prefixes => ({
  sessions: `sess:${namespace}:`,
  limits: `rl:${namespace}:`,
  // BullMQ puts a colon behind it.
  jobs: `bull:${namespace}`,
});

export function shareRedis(url: string, namespace: string): SharedRedis {
  const client = new Redis(url, {
    // A request waits a quarter of a second at most, and goes on without; nothing is sent twice, an INCR least of all.
    commandTimeout: 250,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  });
  // Said by /readyz; without a listener every attempt to connect would be printed.
  client.on('error', () => {});
  return { url, client, prefixes: prefixesOf(namespace) };
}
