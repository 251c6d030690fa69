import { afterEach, expect, it, vi } from 'vitest';
import { spawnCluster, spawnRedis, spawnSentinel, startRedis } from '../../src/index.ts';
import { ask } from '../support/helpers.ts';

// The first run on a machine fetches packages.
vi.setConfig({ testTimeout: 180_000 });

afterEach(() => vi.unstubAllEnvs());

it('LARDER_REDIS names the version of all that is started', async () => {
  vi.stubEnv('REDIS_URL', '');
  vi.stubEnv('LARDER_SERVERS', 'local');
  vi.stubEnv('LARDER_REDIS', 'oldest');
  const [started, spawned, cluster, replicated] = await Promise.all([
    startRedis(),
    spawnRedis(),
    spawnCluster({ replicas: 0 }),
    spawnSentinel({ replicas: 1, sentinels: 1 }),
  ]);
  const { nodes, sentinels } = replicated;
  for (const { how, url } of [started, spawned, ...cluster.nodes, ...nodes, ...sentinels]) {
    expect(how).toMatch(/^redis-server .*6\.[02]\./);
    expect(await ask(url, 'INFO server')).toMatch(/redis_version:6\.[02]\./);
  }
  await Promise.all([started, spawned, cluster, replicated].map(({ stop }) => stop()));
});
