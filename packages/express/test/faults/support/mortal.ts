import { once } from 'node:events';
import { Cluster, Redis } from 'ioredis';

export type MortalPlace =
  | string
  | { readonly cluster: readonly { readonly host: string; readonly port: number }[] };

type Sent = readonly [name: string, args: readonly unknown[]];
type Send = (...args: readonly unknown[]) => Promise<unknown>;
type Sender = Record<string, Send>;

const WRITES = ['set', 'unlink', 'evalsha', 'eval'];
const writes = (name: string): boolean => WRITES.includes(name);

/** Commands that write: how many may be sent still, and what becomes of the process when Redis has executed them. */
class Life {
  written = 0;
  #left = Number.POSITIVE_INFINITY;
  #dies = false;
  #open = 0;
  #waiting: (() => void)[] = [];

  allow(left: number, then: 'dies' | 'waits'): void {
    this.#left = left;
    this.#dies = then === 'dies';
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Whether one more may be sent. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    this.#open += 1;
    this.written += 1;
    return true;
  }

  async turn(): Promise<void> {
    while (!this.take()) {
      this.executed(0);
      await new Promise<void>((go) => this.#waiting.push(go));
    }
  }

  executed(count: number): void {
    this.#open -= count;
    if (this.#dies && this.#left === 0 && this.#open === 0) process.kill(process.pid, 'SIGKILL');
  }
}

/** On one server calls come in pipelines; they are cut within one too: of what was sent, TCP may deliver no more than the beginning. */
function pipelineOf(redis: Redis, life: Life) {
  const together = async (commands: readonly Sent[]) => {
    const pipeline = redis.pipeline();
    let taken = 0;
    for (const [name, args] of commands) {
      if (writes(name) && !life.take()) break;
      if (writes(name)) taken += 1;
      (pipeline as unknown as Sender)[name]!(...args);
    }
    const replies = await pipeline.exec();
    if (commands.some(([name]) => writes(name))) life.executed(taken);
    return replies;
  };
  const commands: Sent[] = [];
  const added =
    (name: string): Send =>
    async (...args) =>
      void commands.push([name, args]);
  const queue = (name: string) => (name === 'exec' ? () => together(commands) : added(name));
  return new Proxy({}, { get: (_, name) => queue(String(name)) });
}

function connect(place: MortalPlace): Redis | Cluster {
  const redisOptions = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  };
  return typeof place === 'string'
    ? new Redis(place, redisOptions)
    : new Cluster([...place.cluster], { enableOfflineQueue: false, redisOptions });
}

/** A client whose process kills itself once Redis has executed so many of its commands that write. */
export async function mortalClient(place: MortalPlace) {
  const redis = connect(place);
  redis.on('error', () => {});
  await once(redis, 'ready');
  const life = new Life();

  const mortal =
    (send: Send): Send =>
    async (...args) => {
      await life.turn();
      return send(...args).finally(() => life.executed(1));
    };
  const client = new Proxy(redis, {
    get(target, name) {
      if (name === 'pipeline' && target instanceof Redis) return () => pipelineOf(target, life);
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const bound = value.bind(target) as Send;
      return target instanceof Cluster && writes(String(name)) ? mortal(bound) : bound;
    },
  });

  return {
    client,
    dieBehind: (count: number) => life.allow(count, 'dies'),
    pauseBehind: (count: number) => life.allow(count, 'waits'),
    /** Commands that write. */
    written: () => ({ written: life.written }),
  };
}
