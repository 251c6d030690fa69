import { expect } from 'vitest';
import { freshPath, poll, type Reply, type Shop } from '../support/shop.ts';

/** What memory may lag behind others, where nothing else is said (µs). */
export const LAG = 1_000_000;

/** On the machine's one clock, in µs. */
export const now = (): number => Number(process.hrtime.bigint() / 1000n);

export const runOf = ({ by, run }: Reply): string => `run ${run} of ${by}`;

/** Resolves once what they put into memory from now on stays there for longer than the lag. */
export async function following(shops: readonly Shop[]): Promise<void> {
  for (const shop of shops) {
    await shop.ask(freshPath());
    await poll(async () => (await shop.call('told')).leased).toBe(true);
  }
}

/** Resolves once all of them answer with the same, out of what they keep; gives that. */
export async function keptBy(shops: readonly Shop[], path: string): Promise<Reply> {
  let replies: Reply[] = [];
  await poll(async () => {
    replies = [];
    for (const shop of shops) replies.push(await shop.ask(path));
    return new Set(replies.map((reply) => `${reply.x} ${runOf(reply)}`));
  }).toEqual(new Set([expect.stringMatching(/^HIT /)]));
  return replies[0]!;
}

/**
 * Asks until the answer is of a run that began since; resolves with that. Whoever asked after `due` had to be given such
 * a one, however slow everything is: it is the promise, and not how long it takes, that is looked at.
 */
export async function freshFrom(shop: Shop, path: string, since: number, due: number): Promise<Reply> {
  let reply!: Reply;
  await poll(async () => {
    const asked = now();
    reply = await shop.ask(path);
    const fresh = reply.began > since;
    if (asked > due) expect([path, reply.x, fresh]).toEqual([path, reply.x, true]);
    return fresh;
  }).toBe(true);
  return reply;
}
