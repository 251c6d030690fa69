import { parseArgs } from 'node:util';

export interface TrafficOptions {
  readonly url: URL;
  readonly seconds: number;
  readonly concurrency: number;
  /** Requests a second, all visitors together; 0 for as many as there is time for. */
  readonly rate: number;
}

export const USAGE = `Usage: pnpm demo:traffic [url] [--seconds 60] [--concurrency 16] [--rate 250] [--remote]

  url            the running demo (default http://127.0.0.1:3000)
  --seconds      how long
  --concurrency  requests under way at once, at most
  --rate         requests a second; 0 for as many as there is time for
  --remote       allow a host that is not this machine`;

/** @throws Error with a message for people */
export function readArgs(args: string[]): TrafficOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '60' },
      concurrency: { type: 'string', default: '16' },
      rate: { type: 'string', default: '250' },
      remote: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    url: target(positionals[0] ?? 'http://127.0.0.1:3000', values.remote),
    seconds: within('seconds', values.seconds, 1, 3_600),
    concurrency: within('concurrency', values.concurrency, 1, 512),
    rate: within('rate', values.rate, 0, 100_000),
  };
}

/** @throws Error with a message for people */
export function target(text: string, remote: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') throw new Error(`${text} is no http:// address.`);
  if (!remote && !LOOPBACK.test(url.hostname)) {
    throw new Error(`${url.hostname} is not this machine: add --remote if it expects the load.`);
  }
  return url;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @throws Error with a message for people */
export function within(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`--${name} is ${text}: give a whole number from ${least} to ${most}.`);
}
