import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { type Answer, exchange, text, x } from '../../support/shop.ts';
import type { Said } from './behaviours.ts';
import type { Calls, Run, Setup } from './process.ts';

/** What one request was answered with. */
export interface Reply extends Said {
  readonly status: number;
  readonly x: string;
  readonly headers: IncomingHttpHeaders;
}

type State = Awaited<ReturnType<Calls['state']>>;

/** Longer than anything here takes on a busy machine: nothing is asserted of how long it took. */
export const PATIENCE = { timeout: 25_000, interval: 20 };
export const poll = <T>(what: () => T) => expect.poll(what, PATIENCE);

/** The host is part of the key, so every process is asked for the same one, whatever its port. */
const HOST = 'shop.example';

interface Message {
  readonly id?: number;
  readonly port?: number;
  readonly value?: unknown;
}

export type AtEnd = (end: () => void | Promise<void>) => void;

/** A process of its own with an app in it. */
export async function startShop(
  setup: Setup,
  atEnd: AtEnd = onTestFinished,
  program = new URL('./process.ts', import.meta.url),
): Promise<Shop> {
  const child = fork(fileURLToPath(program), {
    execArgv: ['--expose-gc', '--conditions=@larder/source', '--import', 'tsx'],
    env: { ...process.env, NODE_ENV: 'test', SETUP: JSON.stringify(setup) },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  atEnd(() => void child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [Message];
  return new Shop(child, port!);
}

export class Shop {
  readonly pid: number;
  readonly #process: ReturnType<typeof fork>;
  readonly #port: number;
  readonly #replies = new Map<number, (value: unknown) => void>();
  readonly exited: Promise<{ readonly code: number | null }>;
  alive = true;
  /** What it has printed where errors are printed. */
  complaints = '';
  #calls = 0;
  #arrivedBefore = 0;
  #openBefore = Number.POSITIVE_INFINITY;

  constructor(child: ReturnType<typeof fork>, port: number) {
    this.pid = child.pid!;
    this.#process = child;
    this.#port = port;
    this.exited = once(child, 'exit').then(([code]) => {
      this.alive = false;
      return { code };
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.complaints += text;
      process.stderr.write(text);
    });
    child.on('message', ({ id, value }: Message) => {
      this.#replies.get(id!)?.(value);
      this.#replies.delete(id!);
    });
  }

  call<K extends keyof Calls>(
    name: K,
    ...args: Parameters<Calls[K]>
  ): Promise<Awaited<ReturnType<Calls[K]>>> {
    return new Promise((resolve) => {
      this.#calls += 1;
      this.#replies.set(this.#calls, resolve as (value: unknown) => void);
      // To a process that is gone: then nobody waits for the answer either.
      this.#process.send({ id: this.#calls, name, args }, () => {});
    });
  }

  /** A whole answer, which belongs to the path and, where it is an error, is the handler's; rejects where it was cut. */
  ask(path: string, fields: Record<string, string> = {}, agent: Agent | false = false): Promise<Reply> {
    return this.#exchange('GET', path, fields, agent);
  }

  /** A request that changes something, and with it what is kept under the tags in its path. */
  write(path: string): Promise<Reply> {
    return this.#exchange('PUT', path);
  }

  #exchange(
    method: 'GET' | 'PUT',
    path: string,
    fields: Record<string, string> = {},
    agent: Agent | false = false,
  ): Promise<Reply> {
    const { headers, ...options } = this.options(path);
    const asking = exchange({ ...options, method, agent, headers: { ...headers, ...fields } });
    const replying = asking.then((answer) => ({
      ...saidBy(answer, path),
      status: answer.status,
      x: x(answer),
      headers: answer.headers,
    }));
    // A test that fails leaves requests behind, which its processes take with them.
    replying.catch(() => {});
    return replying;
  }

  options(path: string): RequestOptions & { headers: Record<string, string> } {
    return { host: '127.0.0.1', port: this.#port, path, headers: { Host: HOST }, agent: false };
  }

  /** A client that has asked, and may leave. */
  visit(path: string, method: 'GET' | 'PUT' = 'GET'): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    return socket;
  }

  runs(path: string): Promise<Run[]> {
    return this.call('runs', path);
  }

  state(): Promise<State> {
    return this.call('state');
  }

  async kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): Promise<void> {
    this.#process.kill(signal);
    if (signal === 'SIGKILL') await this.exited;
  }

  /** Resolves once so many requests have come in since `begin`. */
  async arrivals(count: number): Promise<void> {
    await poll(async () => (await this.state()).arrived - this.#arrivedBefore).toBe(count);
  }

  /** Notes how it is before anything happens to it. */
  async begin(): Promise<void> {
    await this.call('behave', 'answers');
    // Where a test before has failed, its runs may wait still.
    await this.call('free');
    const { arrived, resources } = await this.state();
    this.#arrivedBefore = arrived;
    this.#openBefore = Math.min(this.#openBefore, resources.length);
  }

  /** Resolves once it has no more open than before (S5). */
  async quiet(): Promise<void> {
    await poll(async () => (await this.state()).resources.length).toBeLessThanOrEqual(this.#openBefore);
  }

  /** What must hold of it whatever has happened: it lives, has thrown nothing at nobody (S2), and is as before. */
  async end(): Promise<void> {
    expect((await this.state()).troubles).toEqual([]);
    await this.quiet();
  }
}

/** S4: nothing of another key. S1: no failure that is not the handler's own. */
function saidBy(answer: Answer, path: string): Said {
  if (answer.status === 504 && answer.body.length === 0) return { path, by: 0, run: 0, began: 0 };
  const said = JSON.parse(text(answer)) as Said;
  expect(said.path).toBe(path);
  expect(said.failed ?? false).toBe(answer.status >= 500);
  return said;
}

/** A body that nobody keeps; rejects where it was cut. */
export function download(options: RequestOptions): Promise<{ headers: IncomingHttpHeaders; bytes: number }> {
  return new Promise((resolve, reject) => {
    const asking = request(options, (res) => {
      let bytes = 0;
      res.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      res.on('error', reject);
      res.on('end', () => resolve({ headers: res.headers, bytes }));
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** All that comes back until the connection closes. */
export async function textOf(socket: Socket): Promise<string> {
  let all = '';
  for await (const chunk of socket.setEncoding('latin1')) all += chunk;
  return all;
}

let paths = 0;

/** A key that no other test of the file has touched. */
export function freshPath(): string {
  paths += 1;
  return `/fresh-${paths}`;
}

export const times = <T>(count: number, each: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => each(i));

/** Who made the replies: one line for each run that did. */
export const madeBy = (replies: readonly Reply[]): string[] => [
  ...new Set(replies.map(({ status, by, run }) => `${status} by run ${run} of ${by}`)),
];
