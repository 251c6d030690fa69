import type { TcpProxy } from '@larder/servers';
import type { Outcome } from '../support/ledger.ts';
import type { Calls } from '../support/process.ts';
import type { Shop } from '../support/shop.ts';

type Told = ReturnType<Calls['told']>;

/** What a shop has told its observer since. */
export interface News extends Pick<Told, 'pending' | 'errors'> {
  /** States of breakers, in their order. */
  readonly breakers: readonly string[];
  /** Whose breakers. */
  readonly nodes: readonly string[];
  readonly connections: readonly string[];
  count(outcome: Outcome): number;
}

export async function listen(shop: Shop): Promise<() => Promise<News>> {
  const before = await shop.call('told');
  return async () => {
    const now = await shop.call('told');
    const breakers = now.breakers.slice(before.breakers.length);
    return {
      pending: now.pending,
      errors: now.errors,
      breakers: breakers.map(({ state }) => state),
      nodes: [...new Set(breakers.map(({ node }) => node))],
      connections: now.connections.slice(before.connections.length).map(({ state }) => state),
      count: (outcome) => (now.outcomes[outcome] ?? 0) - (before.outcomes[outcome] ?? 0),
    };
  };
}

/** Whatever a shop asks of Redis in one call of its cache, one of these commands is in it. */
const SIGNS = [
  { names: ['get'], key: ':e:' },
  { names: ['set'], key: ':e:' },
  { names: ['xrevrange'], key: ':i' },
  { names: ['evalsha', 'eval'], key: ':l:' },
];

/** Counts the calls that shops have sent through the proxy since. */
export function countCalls(proxy: TcpProxy): () => number {
  let calls = 0;
  proxy.tap(({ name, args }) => {
    const has = (key: string) => args.some((arg) => arg.includes(key));
    if (SIGNS.some(({ names, key }) => names.includes(name) && has(key))) calls += 1;
  });
  return () => calls;
}
