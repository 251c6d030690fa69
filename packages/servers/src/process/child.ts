import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerFailedError } from '../errors.ts';
import type { Account } from './account.ts';
import { guard } from './guard.ts';

export interface Program {
  /** What it is called in messages; its command when absent. */
  readonly name?: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly account?: Account | undefined;
  readonly logFile: string;
  /** Tried in turn by `stop`; the first is also sent when this process ends without a `stop`. */
  readonly stopSignals: readonly [NodeJS.Signals, ...NodeJS.Signals[]];
}

export interface Child {
  readonly pid: number;
  readonly ended: Promise<void>;
  /** Resolves when the probe says yes; rejects with the log when the program ends before that. */
  ready(probe: () => Promise<boolean>): Promise<void>;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const startDeadline = 30_000;
const stopDeadline = 10_000;

export function startChild(program: Program): Child {
  const { command, name = command, args, cwd, account, logFile, stopSignals } = program;
  // A file, not a pipe: a program must not fail because nobody reads what it says.
  const log = openSync(logFile, 'w');
  // Detached, so that Ctrl-C reaches only us and the servers end in the order we choose.
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, LC_ALL: 'C', ...program.env },
    detached: true,
    stdio: ['ignore', log, log],
    ...account,
  });
  closeSync(log);

  const pid = child.pid ?? 0;
  const forget = pid ? guard({ pid, signal: stopSignals[0] }) : () => {};
  let alive = true;
  let cause: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    const end = (error?: Error) => {
      alive = false;
      cause = error;
      forget();
      resolve();
    };
    child.once('exit', () => end());
    child.once('error', end);
  });

  async function ready(probe: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + startDeadline;
    while (alive && Date.now() < deadline) {
      if (await probe()) return;
      await sleep(20);
    }
    const problem = alive ? 'did not get ready' : 'ended while it was starting';
    await stop();
    throw new ServerFailedError(`${name} ${problem}.`, tail(logFile), { cause });
  }

  async function stop(): Promise<void> {
    for (const signal of stopSignals) {
      if (!alive) return;
      child.kill(signal);
      const patience = new AbortController();
      await Promise.race([
        ended,
        sleep(stopDeadline, undefined, { signal: patience.signal }).catch(() => {}),
      ]);
      patience.abort();
    }
  }

  return { pid, ended, ready, stop, signal: (signal) => void child.kill(signal) };
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-20).join('\n');
}
