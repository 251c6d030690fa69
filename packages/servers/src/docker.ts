import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { mayUseDocker } from './choice.ts';
import { createDatabase } from './postgres/database.ts';
import type { Progress, Server } from './server.ts';

const postgresImage = 'postgres:17-alpine';

interface Container {
  stop(): Promise<unknown>;
}

export function dockerRedis(
  options: {
    image: string;
    port?: number | undefined;
    args?: readonly string[] | undefined;
    onProgress: Progress;
  },
  tried: string[],
): Promise<Server | undefined> {
  return inDocker(options.image, tried, options.onProgress, async () => {
    const { RedisContainer } = await import('@testcontainers/redis');
    const container = new RedisContainer(options.image).withCommand([
      'redis-server',
      ...['--save', '', '--appendonly', 'no'],
      ...(options.args ?? []),
    ]);
    if (options.port) container.withExposedPorts({ container: 6379, host: options.port });
    const started = await container.start();
    return { url: started.getConnectionUrl(), container: started };
  });
}

export function dockerPostgres(
  options: { dataDir?: string | undefined; database: string; onProgress: Progress },
  tried: string[],
): Promise<Server | undefined> {
  return inDocker(postgresImage, tried, options.onProgress, async () => {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
    const container = new PostgreSqlContainer(postgresImage).withDatabase(options.database);
    if (options.dataDir) {
      // A volume and not the folder itself: files of the container's user would be hard to delete there.
      // The name of the container is what keeps a second one off the same volume.
      const name = `larder-${postgresImage.replace(/\W/g, '-')}-${digest(resolve(options.dataDir))}`;
      container.withName(name).withBindMounts([{ source: name, target: '/var/lib/postgresql/data' }]);
    }
    const started = await container.start();
    const url = started.getConnectionUri();
    await createDatabase(url, options.database);
    return { url, container: { stop: () => started.stop({ timeout: 10_000 }) } };
  });
}

async function inDocker(
  image: string,
  tried: string[],
  onProgress: Progress,
  start: () => Promise<{ url: string; container: Container }>,
): Promise<Server | undefined> {
  if (!mayUseDocker()) return void tried.push('Docker: passed over (LARDER_SERVERS)');
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
  } catch {
    return void tried.push('Docker: no engine answers');
  }
  try {
    onProgress(`Starting ${image} in Docker`);
    const { url, container } = await start();
    let stopped: Promise<unknown> | undefined;
    return {
      url,
      how: `Docker (${image})`,
      stop: async () => {
        stopped ??= container.stop();
        await stopped;
      },
    };
  } catch (error) {
    const line = `Docker: ${image} did not start: ${(error as Error).message.trim()}`;
    // Said at once as well: what is tried next may work, and keeps its data elsewhere.
    onProgress(line);
    return void tried.push(line);
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
