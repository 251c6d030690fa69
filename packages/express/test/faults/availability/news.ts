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

/** Counts the entries that shops have asked for through the proxy since. */
export function countReads(proxy: TcpProxy): () => number {
  let reads = 0;
  proxy.tap(({ name, args }) => {
    if (name === 'get' && args[0]!.includes(':e:')) reads += 1;
  });
  return () => reads;
}

/** Counts how often shops have asked anything of Redis since, where that is rare: what comes together is one call. */
export function countCalls(proxy: TcpProxy): () => number {
  let calls = 0;
  let together = false;
  proxy.tap(({ name, args }) => {
    // Others are of the connection, and of nothing that is stored.
    if (together || name === 'subscribe' || !args.some((arg) => arg.startsWith('larder:'))) return;
    calls += 1;
    together = true;
    setImmediate(() => {
      together = false;
    });
  });
  return () => calls;
}
