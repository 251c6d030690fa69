import { createHash } from 'node:crypto';
import type { Link } from './link.ts';
import { ACQUIRE } from './lua/acquire.ts';
import { EXTEND } from './lua/extend.ts';
import { INVALIDATE } from './lua/invalidate.ts';
import { OPEN } from './lua/open.ts';
import { RELEASE } from './lua/release.ts';
import { TURN_EPOCHS } from './lua/turn-epochs.ts';

/** What runs inside Redis, as one step. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

const script = (source: string): Script => ({
  source,
  sha1: createHash('sha1').update(source).digest('hex'),
});

export const scripts = {
  acquire: script(ACQUIRE),
  extend: script(EXTEND),
  release: script(RELEASE),
  invalidate: script(INVALIDATE),
  turnEpochs: script(TURN_EPOCHS),
  open: script(OPEN),
};

/**
 * Runs a script on keys of one slot. By hand, for a client of the app's is not ours to define commands on. A number
 * that it returns is text from clients that are set to give it so.
 */
export async function run(
  link: Link,
  { source, sha1 }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    const [reply] = await link.send([['evalsha', sha1, keys.length, ...keys, ...args]]);
    return reply;
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
  }
  const [reply] = await link.send([['eval', source, keys.length, ...keys, ...args]]);
  return reply;
}

const isUnknownScript = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && error.cause.message.startsWith('NOSCRIPT');
