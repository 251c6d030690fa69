import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { TcpProxy } from '@larder/servers';
import { later } from '../support/shop.ts';
import type { Setup, Word } from './words.ts';

/** What one request was answered with. */
export interface Answer {
  readonly status: number;
  readonly x: string;
  readonly version: number;
}

/** Told of what the process says, by its name. */
export type Hears = (process: string, word: Word) => void;

/** A place for a process with an app in it, and its own way to Redis. Whoever starts there after a death is another. */
export class Shop {
  readonly proxy: TcpProxy;
  readonly #letter: string;
  readonly #setup: Setup;
  readonly #hears: Hears;
  /** Deaths that nobody has brought about. */
  readonly troubles: string[] = [];
  #child: ChildProcess | undefined;
  #port = 0;
  #opening = later();
  #starts = 0;
  #awaited = false;

  constructor(letter: string, proxy: TcpProxy, setup: Omit<Setup, 'redis'>, hears: Hears) {
    this.#letter = letter;
    this.proxy = proxy;
    this.#setup = { ...setup, redis: proxy.url };
    this.#hears = hears;
  }

  get name(): string {
    return `${this.#letter}${this.#starts}`;
  }

  /** Resolves once it can be asked. */
  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  async start(): Promise<void> {
    this.#starts += 1;
    this.#awaited = false;
    const { name } = this;
    const child = fork(fileURLToPath(new URL('./process.ts', import.meta.url)), {
      execArgv: ['--conditions=@larder/source', '--import', 'tsx'],
      env: {
        ...process.env,
        NODE_ENV: 'test',
        SETUP: JSON.stringify({ ...this.#setup, seed: this.#setup.seed + this.#starts }),
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('exit', (code, signal) => {
      this.#opening = later();
      if (!this.#awaited) this.troubles.push(`${name} ended by itself: ${signal ?? code}`);
    });
    child.on('message', (word: Word) => this.#hears(name, word));
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    this.#port = port;
    this.#opening.resolve();
  }

  /** It may end from now on; resolves once it has. */
  async ended(): Promise<void> {
    this.#awaited = true;
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    const ended = this.ended();
    this.signal('SIGKILL');
    await ended;
  }

  /** A whole answer. Rejects where it was cut. */
  ask(method: 'GET' | 'PUT', path: string, agent: Agent | false, fields = {}): Promise<Answer> {
    const host = { host: '127.0.0.1', port: this.#port };
    // The host is part of the key.
    const headers = { ...fields, Host: 'shop.example' };
    return new Promise((resolve, reject) => {
      const asking = request({ ...host, path, method, agent, headers }, (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        res.on('error', reject);
        res.on('end', () => {
          const { statusCode: status = 0, headers } = res;
          const { version = 0 } = status === 200 ? JSON.parse(text) : {};
          resolve({ status, x: String(headers['x-cache']), version });
        });
      });
      asking.on('error', reject);
      asking.end();
    });
  }
}
