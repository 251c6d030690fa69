import { once } from 'node:events';
import { Redis } from 'ioredis';

type Sent = readonly [name: string, args: readonly unknown[]];
type Sender = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;

const READS = ['get', 'getBuffer', 'getex', 'xrange', 'xrevrange'];

/**
 * A client whose process kills itself once Redis has executed so many of its commands that write. They are cut within a
 * round trip too: of what was sent, TCP may deliver no more than the beginning.
 */
export async function mortalClient(url: string) {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  redis.on('error', () => {});
  await once(redis, 'ready');
  let written = 0;
  let last = Number.POSITIVE_INFINITY;

  const together = async (commands: readonly Sent[]) => {
    const pipeline = redis.pipeline();
    for (const [name, args] of commands) {
      if (written >= last) break;
      (pipeline as unknown as Sender)[name]!(...args);
      if (!READS.includes(name)) written += 1;
    }
    const replies = await pipeline.exec();
    if (written >= last) process.kill(process.pid, 'SIGKILL');
    return replies;
  };

  const pipeline = () => {
    const commands: Sent[] = [];
    const queue = (name: string) => (name === 'exec' ? () => together(commands) : added(name));
    const added =
      (name: string) =>
      (...args: readonly unknown[]) =>
        void commands.push([name, args]);
    return new Proxy({}, { get: (_, name) => queue(String(name)) });
  };

  const client = new Proxy(redis, {
    get(target, name) {
      if (name === 'pipeline') return pipeline;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

  return {
    client,
    dieBehind(writes: number) {
      last = writes;
    },
    /** Commands that write. */
    written: () => ({ written }),
  };
}
