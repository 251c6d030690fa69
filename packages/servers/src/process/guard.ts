import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What must not outlive this process, however it ends: a server, or a folder. */
export type Leftover = { pid: number; signal: NodeJS.Signals } | { dir: string };

const leftovers = new Map<number, Leftover>();
let lastId = 0;
let watcher: ChildProcess | undefined;

/** Has the leftover cleaned up if this process ends first. Returns the call that says it is no longer needed. */
export function guard(leftover: Leftover): () => void {
  const id = ++lastId;
  leftovers.set(id, leftover);
  if (watcher) tell(watcher, id);
  else watcher = startWatcher();
  return () => {
    if (!leftovers.delete(id) || !watcher) return;
    tell(watcher, id);
    if (leftovers.size === 0) releaseWatcher(watcher);
  };
}

// A SIGKILL runs no code here; a separate process sees it, because the pipe between the two closes.
function startWatcher(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./watcher.mjs', import.meta.url))], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const forget = () => {
    if (watcher === child) watcher = undefined;
  };
  child.once('error', forget).once('exit', forget).unref();
  child.stdin?.once('error', forget);
  for (const id of leftovers.keys()) tell(child, id);
  return child;
}

function tell(child: ChildProcess, id: number): void {
  child.stdin?.write(`${JSON.stringify({ id, ...leftovers.get(id) })}\n`);
}

function releaseWatcher(child: ChildProcess): void {
  watcher = undefined;
  child.stdin?.end();
}

process.on('exit', () => {
  for (const leftover of leftovers.values()) {
    if (!('pid' in leftover)) continue;
    try {
      process.kill(leftover.pid, leftover.signal);
    } catch {
      // It ended in the meantime.
    }
  }
});
