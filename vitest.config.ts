import { defineConfig } from 'vitest/config';

/** Tests, types and the demo run the same source: nothing is built in between. */
const conditions = ['@larder/source'];
const source = { resolve: { conditions }, ssr: { resolve: { conditions } } };

const SERVICES = '**/*.integration.test.ts';
/** A set-up puts its own there. */
const { REDIS_URL: givenRedis = '' } = process.env;

/** What of the Redis tier is tried on the oldest server as well. */
const OLDEST = ['store', 'lock', 'lease', 'tracking', 'refusals', 'round-trips'];
const NOT_OURS = ['**/node_modules/**', '**/dist/**'];

/** The same tests of a package against another major version of a peer. */
const against = (peer: string, other: string, root: string) => ({
  ssr: source.ssr,
  resolve: { conditions, alias: [{ find: new RegExp(`^${peer}$`), replacement: other }] },
  root,
});

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          isolate: false,
          testTimeout: 60_000,
          include: ['**/test/**/*.test.ts'],
          exclude: [SERVICES, ...NOT_OURS],
        },
      },
      {
        ...against('express', 'express-4', 'packages/express'),
        test: {
          name: 'unit express@4',
          isolate: false,
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          // Brings every Express that it is about, whatever this one is.
          exclude: [SERVICES, 'test/forward/**'],
        },
      },
      {
        ...source,
        test: {
          name: 'integration',
          include: [SERVICES],
          exclude: ['packages/servers/**', ...NOT_OURS],
          globalSetup: ['test/support/servers.ts'],
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...against('ioredis', 'ioredis-6', 'packages/redis'),
        test: {
          name: 'integration ioredis@6',
          include: [SERVICES],
          globalSetup: ['../../test/support/servers.ts'],
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...source,
        test: {
          name: 'integration oldest redis',
          include: OLDEST.map((name) => `packages/redis/test/${name}.integration.test.ts`),
          globalSetup: ['test/support/oldest.ts'],
          setupFiles: ['test/support/environment.ts'],
          provide: { givenRedis },
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...source,
        test: {
          name: 'servers',
          include: [`packages/servers/${SERVICES}`],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
