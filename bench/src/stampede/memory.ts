import { readFileSync, writeFileSync } from 'node:fs';

/** Bytes. `heap` is what is left of it after a collection. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
}

/** The process at rest. What it took to start no longer counts as its peak. */
export function restingMemory(): Memory {
  global.gc?.();
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed: the peak is then that of the whole life of the process.
  }
  return { rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed };
}

/** The most that it has had resident since, by the kernel's count: a timer would not run while the process is busy. */
export function peakMemory(): Memory {
  const rss = peakRss();
  global.gc?.();
  return { rss, heap: process.memoryUsage().heapUsed };
}

function peakRss(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
