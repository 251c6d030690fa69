// Outlives the process at the other end of stdin by as long as it takes to clean up behind it.
// Each line is {"id":1,"pid":2,"signal":"SIGINT"}, {"id":1,"dir":"/tmp/x"}, or {"id":1}: no longer needed.
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const patience = 10_000;
const leftovers = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...leftover } = JSON.parse(line);
  if ('pid' in leftover || 'dir' in leftover) leftovers.set(id, leftover);
  else leftovers.delete(id);
}

const servers = [...leftovers.values()].filter(({ pid }) => pid);
const folders = [...leftovers.values()].filter(({ dir }) => dir);

for (const { pid, signal } of servers) kill(pid, signal);
const deadline = Date.now() + patience;
while (servers.some(({ pid }) => isRunning(pid)) && Date.now() < deadline) await sleep(20);
for (const { pid } of servers) kill(pid, 'SIGKILL');
for (const { dir } of folders) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });

function kill(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function isRunning(pid) {
  return kill(pid, 0) && !isDefunct(pid);
}

// In a container without an init process an ended server keeps its number until the container ends.
function isDefunct(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
