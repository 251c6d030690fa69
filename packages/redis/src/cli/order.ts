import { parseArgs } from 'node:util';

/** What the command line asks for. */
export type Order =
  | { readonly kind: 'help' }
  | { readonly kind: 'misused'; readonly says: string }
  | DoctorOrder;

export interface DoctorOrder {
  readonly kind: 'doctor';
  readonly url: string;
  readonly keyPrefix: string;
  readonly namespace?: string;
  readonly json: boolean;
  /** A file with the certificate of the authority that signed the server's. */
  readonly ca?: string;
  readonly sample?: number;
}

export const HELP = `Usage: larder doctor [redis-url] [options]

Examines the Redis that carries a cache: what is set, what is stored, how it fares. Changes nothing there.

  redis-url           redis://, rediss:// or unix://; default REDIS_URL, else redis://127.0.0.1:6379.
                      A password is better kept in REDIS_URL than on the command line.
  --namespace <name>  only the keys of this cache; default all under the prefix
  --prefix <prefix>   what the keys begin with; default larder:
  --ca <file>         the authority that signed the server's certificate, for rediss://
  --sample <n>        how many keys of the cache to look at; default 1000
  --json              the report as JSON
  --help              this

Exit code: 0 nothing to mend, 1 a warning, 2 something critical, 3 Redis could not be asked, 64 wrong usage.
`;

const OPTIONS = {
  namespace: { type: 'string' },
  prefix: { type: 'string', default: 'larder:' },
  ca: { type: 'string' },
  sample: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const DEFAULT_URL = 'redis://127.0.0.1:6379';

/** What is wrong is said without the words given: one of them may be a password. */
export function orderOf(args: readonly string[], env: NodeJS.ProcessEnv): Order {
  const parsed = parse(args);
  if ('says' in parsed) return misused(parsed.says);
  const { values, positionals } = parsed;
  const [command, url = env.REDIS_URL || DEFAULT_URL, ...more] = positionals;
  if (values.help || command === 'help') return { kind: 'help' };
  if (command === undefined) return misused('a command is missing');
  if (command !== 'doctor') return misused('the only command is doctor');
  if (more.length > 0) return misused('there is one URL too many');
  if (!isRedisUrl(url))
    return misused(
      'the URL is no redis://, rediss:// or unix:// URL; in a password, encode what is no letter or digit',
    );
  if (values.ca !== undefined && !url.startsWith('rediss://')) return misused('--ca is for a rediss:// URL');
  const sample = values.sample === undefined ? undefined : Number(values.sample);
  if (sample !== undefined && !(Number.isSafeInteger(sample) && sample > 0)) {
    return misused('--sample wants a whole number, 1 or more');
  }
  const { prefix: keyPrefix, namespace, ca, json } = values;
  return { kind: 'doctor', url, keyPrefix, namespace, json, ca, sample };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return { says: (error as Error).message.split('. ', 1)[0]! };
  }
}

/** An @ further on means that a password has a character in it which ends an address. */
function isRedisUrl(text: string): boolean {
  if (!/^(?:rediss?|unix):\/\//.test(text) || !URL.canParse(text)) return false;
  const { pathname, search, hash } = new URL(text);
  return !`${pathname}${search}${hash}`.includes('@');
}

const misused = (says: string): Order => ({ kind: 'misused', says });
