import { type LocalCluster, spawnCluster } from '@larder/servers';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';

interface UsedCluster {
  readonly cluster: LocalCluster;
  /** A client that is the test's own. */
  readonly eyes: Cluster;
  /** Names of keys on every node. */
  names(pattern: string): Promise<string[]>;
}

/** One Cluster for the tests of a group, there once they run. */
export function useCluster(): UsedCluster {
  const used = {
    async names(pattern: string) {
      const found = await Promise.all(used.eyes.nodes('master').map((node) => node.keys(pattern)));
      return found.flat();
    },
  } as { cluster: LocalCluster; eyes: Cluster; names: UsedCluster['names'] };
  beforeAll(async () => {
    used.cluster = await spawnCluster({ replicas: 0 });
    used.eyes = new Cluster([...used.cluster.seeds]);
  });
  afterAll(async () => {
    used.eyes?.disconnect();
    await used.cluster?.stop();
  });
  return used;
}
