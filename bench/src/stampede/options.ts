import { parseArgs } from 'node:util';
import { isWayName, WAY_NAMES, type WayName } from './ways.ts';

/** Files that a process opens besides the connections under measurement. */
const OTHER_FILES = 200;

export interface Options {
  readonly requests: number;
  readonly processes: number;
  readonly handlerMs: number;
  readonly rounds: number;
  readonly ways: readonly WayName[];
  readonly profileDir: string | undefined;
}

export function options(): Options {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '10000' },
      processes: { type: 'string', default: '3' },
      'handler-ms': { type: 'string', default: '100' },
      rounds: { type: 'string', default: '3' },
      ways: { type: 'string', default: WAY_NAMES.join() },
      profile: { type: 'string' },
    },
  });
  return {
    requests: asOpened(positive('requests', values.requests)),
    processes: positive('processes', values.processes),
    handlerMs: positive('handler-ms', values['handler-ms']),
    rounds: positive('rounds', values.rounds),
    ways: values.ways.split(',').map(way),
    profileDir: values.profile,
  };
}

function positive(name: string, given: string): number {
  const number = Number(given);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${name} ${given}: give a whole number, 1 or more`);
  return number;
}

function way(given: string): WayName {
  if (!isWayName(given)) throw new Error(`--ways ${given}: there are ${WAY_NAMES.join(', ')}`);
  return given;
}

/** One connection a request, and no more than this process may open. Node has raised its limit as far as it can. */
function asOpened(requests: number): number {
  const limit = openFiles();
  const most = limit - OTHER_FILES;
  if (requests <= most) return requests;
  console.warn(`${limit} files may be open: ${most} requests in place of ${requests} (raise \`ulimit -n\`)`);
  return most;
}

function openFiles(): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}
