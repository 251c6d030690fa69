import type { LocalRedis } from '../server.ts';

/** Takes note of a server that is being started. */
export type Enlist = <T extends Pick<LocalRedis, 'stop'>>(starting: Promise<T>) => Promise<T>;

/** Servers that are there together or not at all: where one does not start, or not come to terms, all are stopped. */
export async function together<T extends object>(
  build: (enlist: Enlist) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> {
  const enlisted: Promise<Pick<LocalRedis, 'stop'>>[] = [];
  const stop = async () => {
    const servers = await Promise.allSettled(enlisted);
    await Promise.all(servers.map((server) => server.status === 'fulfilled' && server.value.stop()));
  };
  try {
    const built = await build((starting) => {
      enlisted.push(starting);
      return starting;
    });
    return { ...built, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const atOnce = <T>(count: number, start: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => start(i)));

/** Whether it is so of every one of them. */
export const everyOne = async <T>(all: readonly T[], fact: (one: T) => Promise<boolean>): Promise<boolean> =>
  (await Promise.all(all.map(fact))).every(Boolean);
