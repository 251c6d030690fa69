import { BadChoiceError } from '../errors.ts';

/** A server that speaks like Redis, and where it can be had. */
export interface Variant {
  readonly program: 'redis-server' | 'valkey-server';
  /** One of these; any when absent. */
  readonly versions?: readonly string[];
  readonly image: string;
  /** Debian's suite that has it, `own` for whatever this machine's packages are, nothing where none has it. */
  readonly suite?: string;
}

const redis = (version: string, suite?: string): Variant => ({
  program: 'redis-server',
  versions: [version],
  image: `redis:${version}-alpine`,
  ...(suite && { suite }),
});

const VARIANTS = {
  any: { program: 'redis-server', image: 'redis:7.4-alpine', suite: 'own' },
  // What Larder promises to run on, or what is older still: no suite has 6.2.
  oldest: { ...redis('6.2', 'bullseye'), versions: ['6.2', '6.0'] },
  '6.0': redis('6.0', 'bullseye'),
  '6.2': redis('6.2'),
  '7.0': redis('7.0', 'bookworm'),
  '8.0': redis('8.0', 'trixie'),
  'valkey-8': {
    program: 'valkey-server',
    versions: ['8.0', '8.1'],
    image: 'valkey/valkey:8.1-alpine',
    suite: 'trixie',
  },
} satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANTS;

/** The one that was asked for, by name, or by `LARDER_REDIS`. */
export function variantOf(name: string = process.env.LARDER_REDIS || 'any'): Variant {
  if (isName(name)) return VARIANTS[name];
  throw new BadChoiceError('LARDER_REDIS', name, Object.keys(VARIANTS));
}

export const isVersionOf = ({ versions }: Variant, version: string): boolean =>
  versions === undefined || versions.some((one) => `${version}.`.startsWith(`${one}.`));

/** For people: `redis-server 6.2 or 6.0`. */
export const nameOf = ({ program, versions = [] }: Variant): string =>
  [program, versions.join(' or ')].filter(Boolean).join(' ');

const isName = (name: string): name is VariantName => Object.hasOwn(VARIANTS, name);
