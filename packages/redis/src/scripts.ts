import { createHash } from 'node:crypto';
import { storeFailed } from '@larder/core';
import type { RedisClient } from './client.ts';
import { ACQUIRE } from './lua/acquire.ts';
import { EXTEND } from './lua/extend.ts';
import { RELEASE } from './lua/release.ts';

/** What runs inside Redis, as one step. */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha1: string;
}

const script = (name: string, source: string): Script => ({
  name,
  source,
  sha1: createHash('sha1').update(source).digest('hex'),
});

export const scripts = {
  acquire: script('acquire a lock', ACQUIRE),
  extend: script('extend a lock', EXTEND),
  release: script('release a lock', RELEASE),
};

/**
 * Runs a script on one key. By hand, for a client of the app's is not ours to define commands on.
 * Every script of ours returns a number; some clients are set to give it as text.
 */
export async function run(
  client: RedisClient,
  { name, source, sha1 }: Script,
  key: string,
  ...args: (string | number)[]
): Promise<number> {
  try {
    return Number(await client.evalsha(sha1, 1, key, ...args));
  } catch (error) {
    if (!isUnknownScript(error)) throw storeFailed(name, error);
  }
  try {
    return Number(await client.eval(source, 1, key, ...args));
  } catch (error) {
    throw storeFailed(name, error);
  }
}

const isUnknownScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT');
