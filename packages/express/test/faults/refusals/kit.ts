import type { BreakerState } from '@larder/core';
import type { RedisTierOptions } from '@larder/redis';
import { expect } from 'vitest';
import type { Outcome } from '../support/ledger.ts';
import { PATIENT } from '../support/patient.ts';
import type { RigOptions } from '../support/rig.ts';
import { madeBy, poll, type Reply, type Shop, times } from '../support/shop.ts';

/** Nobody who waits for an answer gives up; who has failed is left alone at once, and tried again soon. */
const tier: RedisTierOptions = { ...PATIENT, breaker: { failures: 1, openMs: 200 } };

/** Every request asks Redis: what is to be seen is what that refuses. */
export const REFUSABLE: RigOptions = { memory: false, tier };

export interface Since {
  readonly breakers: readonly BreakerState[];
  readonly connections: readonly ('ready' | 'lost')[];
  readonly errors: string;
  readonly pending: number;
  /** How often, of each that was told of. */
  readonly outcomes: Partial<Record<Outcome, number>>;
}

/** What each of them tells of from now on. */
export async function watch(shops: readonly Shop[]): Promise<(shop: Shop) => Promise<Since>> {
  const before = new Map(
    await Promise.all(shops.map(async (shop) => [shop, await shop.call('told')] as const)),
  );
  return async (shop) => {
    const [then, now] = [before.get(shop)!, await shop.call('told')];
    const counts = Object.entries(now.outcomes) as [Outcome, number][];
    const differences = counts.map(
      ([outcome, count]) => [outcome, count - (then.outcomes[outcome] ?? 0)] as const,
    );
    return {
      breakers: now.breakers.slice(then.breakers.length).map(({ state }) => state),
      connections: now.connections.slice(then.connections.length).map(({ state }) => state),
      errors: now.errors.slice(then.errors.length).join('\n'),
      pending: now.pending,
      outcomes: Object.fromEntries(differences.filter(([, count]) => count > 0)),
    };
  };
}

/** Each time anew, and by who is asked. */
export async function madeAnew(shop: Shop, path: string, count = 1): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let i = 0; i < count; i += 1) replies.push(await shop.ask(path));
  expect(madeBy(replies)).toHaveLength(count);
  expect(replies.map(({ status, x, by }) => ({ status, x, by }))).toEqual(
    times(count, () => ({ status: 200, x: 'MISS', by: shop.pid })),
  );
  return replies;
}

/** Resolves once what one of them makes of the path is what all of them answer. */
export async function shared(shops: readonly Shop[], path: string): Promise<void> {
  await poll(async () => {
    const replies: Reply[] = [];
    for (const shop of shops) replies.push(await shop.ask(path));
    return new Set(replies.slice(1).map(({ x, by, run }) => `${x} of run ${run} of ${by}`));
  }).toEqual(new Set([expect.stringMatching(/^HIT/)]));
}
