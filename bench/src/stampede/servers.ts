import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Run } from './handler.ts';
import type { Memory } from './memory.ts';
import type { Asked } from './server.ts';
import type { WayName } from './ways.ts';

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface ServersOptions {
  readonly count: number;
  readonly redisUrl: string;
  readonly handlerMs: number;
  /** Where each process leaves a CPU profile when it ends. */
  readonly profileDir: string | undefined;
}

/** The processes of one way, on one Redis. */
export class Servers {
  readonly ports: readonly number[];
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[], ports: readonly number[]) {
    this.#children = children;
    this.ports = ports;
  }

  static async start(way: WayName, { count, ...options }: ServersOptions): Promise<Servers> {
    const children = Array.from({ length: count }, () => start(way, options));
    const told = await Promise.all(children.map((child) => next<{ port: number }>(child)));
    return new Servers(
      children,
      told.map(({ port }) => port),
    );
  }

  /** All of them at rest, together. */
  rest(): Promise<Memory> {
    return this.#memory('rest');
  }

  peak(): Promise<Memory> {
    return this.#memory('peak');
  }

  async takeRuns(): Promise<Run[]> {
    return (await this.#ask<{ runs: Run[] }>('runs')).flatMap(({ runs }) => runs);
  }

  async stop(): Promise<void> {
    const ended = this.#children.map((child) => once(child, 'exit'));
    for (const child of this.#children) child.disconnect();
    await Promise.all(ended);
  }

  async #memory(asked: 'rest' | 'peak'): Promise<Memory> {
    const all = await this.#ask<Memory>(asked);
    return {
      rss: all.reduce((sum, { rss }) => sum + rss, 0),
      heap: all.reduce((sum, { heap }) => sum + heap, 0),
    };
  }

  #ask<T>(asked: Asked): Promise<T[]> {
    return Promise.all(
      this.#children.map((child) => {
        if (!child.connected) throw endedEarly(child);
        const told = next<T>(child);
        child.send(asked);
        return told;
      }),
    );
  }
}

function start(way: WayName, options: Omit<ServersOptions, 'count'>): ChildProcess {
  const { redisUrl, handlerMs, profileDir } = options;
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}/${way}`];
  const child = fork(SERVER, {
    execArgv: ['--conditions=@larder/source', '--import', 'tsx', '--expose-gc', ...profile],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      WAY: way,
      REDIS_URL: redisUrl,
      HANDLER_MS: String(handlerMs),
    },
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  return child;
}

/** Its next message. A process that ends instead has said why on stderr, which is ours. */
function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(endedEarly(child));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as T);
    });
  });
}

const endedEarly = ({ pid, signalCode, exitCode }: ChildProcess): Error =>
  new Error(`server process ${pid} ended (${signalCode ?? exitCode}) while it was needed`);
