import { escaped } from '../glob.ts';

/** Which keys of a Redis are this cache's, by the grammar of their names. */
export interface OurKeys {
  /** What all of them begin with. */
  readonly start: string;
  /** For SCAN MATCH; some that are not ours may match it. */
  readonly pattern: string;
  isOurs(name: string): boolean;
  isEntry(name: string): boolean;
}

/** `<prefix><namespace>:<version>:<kind>[:…]`, of one namespace or of all. */
export function ourKeys(prefix: string, namespace?: string): OurKeys {
  const start = namespace === undefined ? prefix : `${prefix}${namespace}:`;
  const rest =
    namespace === undefined
      ? /^[\w.-]+:\d+t?:([a-z])(?::[\w:{}-]*(?:=[!-~]+)?)?$/
      : /^\d+t?:([a-z])(?::[\w:{}-]*(?:=[!-~]+)?)?$/;
  const kindOf = (name: string) =>
    name.startsWith(start) ? rest.exec(name.slice(start.length))?.[1] : undefined;
  return {
    start,
    pattern: `${escaped(start)}*`,
    isOurs: (name) => kindOf(name) !== undefined,
    isEntry: (name) => kindOf(name) === 'e',
  };
}
