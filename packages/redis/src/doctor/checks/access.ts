import { aclRule } from '../../rights.ts';
import type { Facts } from '../facts.ts';
import { type Check, judge, notice, ok, warning } from '../verdict.ts';

export const tls: Check = ({ line: { encrypted, loopback, address } }) => {
  if (encrypted) return ok('The connection is encrypted.');
  return loopback
    ? ok('The connection does not leave this machine.')
    : warning(
        `Everything, the password too, goes to ${address} as plain text.`,
        'Use a rediss:// URL, and tls-port on the server.',
      );
};

export const acl: Check = (facts) =>
  judge(facts.login, ({ name, passwordless, anyCommand, anyKey }) => {
    const wide = [
      ...(passwordless ? ['with any password or none'] : []),
      ...(anyCommand ? ['may do everything (+@all)'] : []),
      ...(anyKey ? ['may do so to every key (~*)'] : []),
    ];
    if (wide.length === 0) return ok(`The user ${name} may only do what it was allowed.`);
    const verdict = facts.line.loopback ? notice : warning;
    return verdict(`The user ${name} ${sentence(wide)}.`, `Make one for the cache: ${minimalRule(facts)}`);
  });

const sentence = (parts: readonly string[]): string => parts.join(', ').replace(/^with/, 'logs in with');

/** All that the cache does, and nothing else. */
export const minimalRule = ({ keys: { start }, line: { clustered } }: Pick<Facts, 'keys' | 'line'>): string =>
  aclRule(start, clustered);
