import { storeFailed } from '@larder/core';
import type { RedisClient } from './client.ts';

type Name = 'get' | 'getBuffer' | 'getex' | 'pexpire' | 'set' | 'unlink' | 'xadd' | 'xrange' | 'xrevrange';
type Argument = string | number | Buffer;

export type Command = readonly [name: Name, ...args: Argument[]];

/**
 * Commands in one round trip, and their results in order. The one place that knows how commands travel.
 * A key that holds another type than ours reads as absent; any other error fails the whole batch.
 */
export async function batch(client: RedisClient, commands: readonly Command[]): Promise<unknown[]> {
  if (commands.length === 0) return [];
  const pipeline = client.pipeline();
  // ioredis types every command by its own overloads; these take what Command allows.
  const queue = pipeline as unknown as Record<Name, (...args: readonly Argument[]) => unknown>;
  for (const [name, ...args] of commands) queue[name](...args);
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, result], i) => {
    if (error === null) return result;
    if (error.message.startsWith('WRONGTYPE')) return null;
    throw storeFailed(commands[i]![0], error);
  });
}
