import { parseArgs } from 'node:util';
import { target, within } from '../traffic/args.ts';

export interface StampedeOptions {
  /** The processes of one shop; clients ask each of them for the host of the first. */
  readonly shops: readonly URL[];
  readonly requests: number;
  /** Once more when the report is stale. */
  readonly stale: boolean;
}

export const USAGE = `Usage: pnpm demo:stampede [url …] [--requests 2000] [--stale] [--remote]

  url         the running demo (default http://127.0.0.1:3000); several are processes of it with one Redis
  --requests  how many clients ask at once, all processes together
  --stale     then wait until the report is stale, half a minute, and ask once more
  --remote    allow a host that is not this machine`;

/** @throws Error with a message for people */
export function readArgs(args: string[]): StampedeOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    allowPositionals: true,
    options: {
      requests: { type: 'string', default: '2000' },
      stale: { type: 'boolean', default: false },
      remote: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const urls = positionals.length > 0 ? positionals : ['http://127.0.0.1:3000'];
  return {
    shops: urls.map((url) => target(url, values.remote)),
    // Each client has a connection of its own, and the cache lets so many wait for one response.
    requests: within('requests', values.requests, 1, 10_000),
    stale: values.stale,
  };
}
