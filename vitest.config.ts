import { defineConfig } from 'vitest/config';

/** Tests, types and the demo run the same source: nothing is built in between. */
const conditions = ['@larder/source'];
const source = { resolve: { conditions }, ssr: { resolve: { conditions } } };

const SERVICES = '**/*.integration.test.ts';
const NOT_OURS = ['**/node_modules/**', '**/dist/**'];

/** The same tests against another major version of a peer. */
const against = (name: string, peer: string, other: string, folder: string, include: string) => ({
  ...source,
  resolve: { conditions, alias: [{ find: new RegExp(`^${peer}$`), replacement: other }] },
  root: folder,
  test: { name, include: [include] },
});

export default defineConfig({
  test: {
    projects: [
      { ...source, test: { name: 'unit', include: ['**/test/**/*.test.ts'], exclude: [SERVICES, ...NOT_OURS] } },
      {
        ...against('unit express@4', 'express', 'express-4', 'packages/express', 'test/**/*.test.ts'),
        test: { name: 'unit express@4', include: ['test/**/*.test.ts'], exclude: [SERVICES] },
      },
      {
        ...source,
        test: {
          name: 'integration',
          include: [SERVICES],
          exclude: ['packages/servers/**', ...NOT_OURS],
          globalSetup: ['packages/servers/test/support/shared-servers.ts'],
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...source,
        test: { name: 'servers', include: [`packages/servers/${SERVICES}`], testTimeout: 60_000, hookTimeout: 120_000 },
      },
    ],
  },
});
