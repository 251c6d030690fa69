import type { TestProject } from 'vitest/node';
import { startRedis } from '../../packages/servers/src/index.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** REDIS_URL of the run, before any set-up has put a server of its own there. */
    readonly givenRedis: string;
    /** For the tests of one project. */
    readonly environment: NodeJS.ProcessEnv;
  }
}

/** One project's Redis: the oldest that can be had here, or the one that the run was given, whatever that is. */
export default async function oldest(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { givenRedis } = project.getProvidedContext();
  if (givenRedis) return void project.provide('environment', { REDIS_URL: givenRedis });
  const redis = await startRedis({ variant: 'oldest' });
  project.provide('environment', { REDIS_URL: redis.url, LARDER_REDIS: 'oldest' });
  console.log(`The oldest Redis: ${redis.how}.`);
  return () => redis.stop();
}
