import { readFile } from 'node:fs/promises';
import type { Report } from '@larder/core';
import type { Cluster, Redis } from 'ioredis';
import { reason } from '../doctor/connection.ts';
import { examine } from '../doctor/examine.ts';
import { clientFor } from './client.ts';
import { type DoctorOrder, HELP, orderOf } from './order.ts';
import { print } from './print.ts';

/** Where the words of a command go. */
export interface Terminal {
  readonly columns: number;
  out(text: string): void;
  err(text: string): void;
}

const UNREACHABLE = 3;
const MISUSED = 64;

/** Does what the arguments ask for, and answers with the exit code. */
export async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number> {
  const order = orderOf(args, env);
  if (order.kind === 'doctor') return doctor(order, terminal);
  if (order.kind === 'help') {
    terminal.out(HELP);
    return 0;
  }
  terminal.err(`larder: ${order.says} (see larder --help)\n`);
  return MISUSED;
}

async function doctor(order: DoctorOrder, { out, err, columns }: Terminal): Promise<number> {
  const { ca, url, keyPrefix, namespace, sample, json } = order;
  const certificate = ca === undefined ? undefined : await readFile(ca).catch(() => 'unreadable' as const);
  if (certificate === 'unreadable') {
    err('larder: the file given as --ca cannot be read\n');
    return MISUSED;
  }
  let client: Redis | Cluster;
  try {
    client = await clientFor(url, certificate);
  } catch (error) {
    err(`larder: Redis at ${addressOf(url)} could not be asked: ${reason(error)}\n`);
    return UNREACHABLE;
  }
  const about = { keyPrefix, namespace, sample, now: Date.now };
  const report = await examine(client, about).finally(() => client.disconnect());
  out(json ? `${JSON.stringify(report, null, 2)}\n` : `${titleOf(order)}\n\n${print(report, columns)}`);
  return exitCodeOf(report);
}

/** Without who logs in, and with what. */
function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return protocol === 'unix:' ? pathname : host;
}

const titleOf = ({ url, keyPrefix, namespace }: DoctorOrder): string =>
  `Redis at ${addressOf(url)}, keys ${keyPrefix}${namespace === undefined ? '' : `${namespace}:`}*`;

function exitCodeOf({ findings }: Report): number {
  if (findings.every(({ check }) => check === 'connection')) return UNREACHABLE;
  const found = new Set(findings.map(({ severity }) => severity));
  if (found.has('critical')) return 2;
  return found.has('warning') ? 1 : 0;
}
