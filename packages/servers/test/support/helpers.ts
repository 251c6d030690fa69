import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** Resolves when the fact holds; the deadline only turns a hang into a failure. */
export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await fact())) {
    if (Date.now() > deadline) throw new Error(`never true: ${fact}`);
    await sleep(20);
  }
}

/** Sends one Redis command and returns the reply's first bytes, or nothing when nobody listens. */
export function ask(url: string, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setEncoding('utf8').once('data', (reply: string) => {
      socket.destroy();
      resolve(reply);
    });
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
}

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

export function isListening(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A folder that stands for the temporary folder, so that a test sees everything that is left in it. */
export function emptyFolder(): { path: string; names(): string[]; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'larder-test-'));
  chmodSync(path, 0o777);
  return {
    path,
    names: () => readdirSync(path).filter((name) => name.startsWith('larder-')),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface Holder {
  readonly process: ChildProcess;
  readonly url: string;
  /** Presses Ctrl-C: the whole process group gets the signal. Resolves once the process has noticed. */
  interrupt(): Promise<void>;
  /** Resolves once the process has ended after `stop`ping its server, or after `process.exit` without that. */
  end(how: 'stop' | 'exit'): Promise<void>;
}

/** Another Node process that has a server started and waits. */
export async function startHolder(kind: 'redis' | 'postgres', env: NodeJS.ProcessEnv): Promise<Holder> {
  const file = fileURLToPath(new URL('./holder.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@larder/source', '--import', 'tsx', file, kind],
    // In a process group of its own, as a shell would have it, so that a test can press Ctrl-C.
    { detached: true, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout! });
  const line = async () => (await once(lines, 'line'))[0] as string;
  return {
    process: child,
    url: await line(),
    async interrupt() {
      const noticed = line();
      process.kill(-child.pid!, 'SIGINT');
      await noticed;
    },
    async end(how) {
      const ended = once(child, 'exit');
      child.stdin!.write(`${how}\n`);
      await ended;
    },
  };
}
