import type { Info, Login, SlowCall } from './facts.ts';

/** Replies of Redis 6.2 to 8 as facts. */

export const infoOf = (text: string): Info =>
  new Map(
    text
      .split('\r\n')
      .filter((line) => line.includes(':') && !line.startsWith('#'))
      .map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1)];
      }),
  );

/** ACL GETUSER: pairs in a row. Patterns are a list before Redis 7, with no `~`. Password digests are left where they are. */
export function loginOf(name: string, reply: readonly unknown[]): Login {
  const field = (wanted: string) => reply[reply.indexOf(wanted) + 1];
  const flags = field('flags') as readonly string[];
  const keys = String(field('keys')).split(/[ ,]/);
  return {
    name,
    passwordless: flags.includes('nopass'),
    anyCommand: field('commands') === '+@all',
    anyKey: keys.includes('~*') || keys.includes('*'),
  };
}

type SlowEntry = readonly [id: number, at: number, micros: number, call: readonly string[], ...unknown[]];

/** SLOWLOG GET. Arguments may be anybody's data: all that is taken from them is whether one names a key of ours. */
export const slowCallsOf = (
  reply: readonly unknown[],
  nowSeconds: number,
  isOurs: (name: string) => boolean,
): SlowCall[] =>
  (reply as readonly SlowEntry[]).map(([, at, micros, [command = '', ...args]]) => ({
    command: command.toUpperCase(),
    ms: Number(micros) / 1000,
    ageSeconds: nowSeconds - Number(at),
    ours: args.some(isOurs),
  }));
