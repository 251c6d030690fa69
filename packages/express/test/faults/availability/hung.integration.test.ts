import type { Connection } from '@larder/servers';
import { describe, expect, it } from 'vitest';
import { amount } from '../support/intensity.ts';
import { freshPath, madeBy, poll, type Shop, times } from '../support/shop.ts';
import { type Behind, openBehindProxy } from './kit.ts';
import { load } from './load.ts';
import { countCalls, listen } from './news.ts';

const stateOf = async (shop: Shop) => (await shop.call('told')).breakers.at(-1)?.state;

async function untilState(shop: Shop, state: 'open' | 'closed'): Promise<void> {
  await poll(async () => {
    await shop.ask(freshPath());
    return stateOf(shop);
  }).toBe(state);
}

const hang = async ({ redis }: Behind) => {
  await redis.kill('SIGSTOP');
  return () => redis.kill('SIGCONT');
};
/** So late that it is too late in a busy process as well, which gives Redis more time for being busy. */
const slowDown = async ({ proxy }: Behind) => proxy.impose({ replies: { delayMs: 4000 } });

describe('F3, F4: a Redis that does not answer in time', () => {
  it.each([
    ['F3: it hangs', hang],
    ['F4: it answers too late', slowDown],
  ])('%s: nobody asks it while the breaker is open, and one at a time to see', async (_, harm) => {
    const behind = await openBehindProxy({ tier: { commandTimeoutMs: 50, breaker: { openMs: 400 } } });
    const { proxy, one } = behind;
    const heal = await harm(behind);
    await untilState(one, 'open');
    const news = await listen(one);
    const calls = countCalls(proxy);
    const probes = async () => (await news()).breakers.filter((state) => state === 'half-open').length;
    const crowd = load(amount(20, 40), () => [one, freshPath()]);
    for (let many = 1; many <= amount(3, 8); many += 1) {
      await poll(probes).toBeGreaterThanOrEqual(many);
    }
    const { MISS, ...others } = await crowd.stop();
    expect(others).toEqual({});
    expect(calls()).toBe(await probes());
    const { count } = await news();
    expect(count('get ok')).toBe(0);
    expect(count('get open')).toBeGreaterThan(MISS! / 2);
    await heal();
    await untilState(one, 'closed');
  });
});

describe('F3: what a Redis that hung is told late', () => {
  it('F3: a response gives nobody what another process has invalidated meanwhile', async () => {
    const { shops, proxy, client, namespace } = await openBehindProxy({ processes: 2, memory: false });
    const [one, two] = [shops[0]!, shops[1]!];
    const entries = async () => (await client.keys(`larder:${namespace}:1:e:*`)).length;
    let asking: Connection | undefined;
    let stores = 0;
    proxy.tap(({ name, args, connection }) => {
      if (name === 'evalsha') asking ??= connection;
      if (name === 'set' && args[0]!.includes(':e:')) stores += 1;
    });
    await one.call('behave', 'answers', 'held');
    const asked = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(1);
    // Whatever was filled before is stored when its lock is let go.
    await poll(() => client.keys(`larder:${namespace}:1:l:*`)).toHaveLength(1);
    const before = await entries();
    const goOn = proxy.impose({ requests: { hold: true } }, (connection) => connection === asking);
    await one.call('free');
    // Its client asked before the invalidation, and may have it.
    const old = await asked;
    await poll(() => stores).toBe(1);
    await two.call('invalidate', 'thing');
    await poll(async () => (await two.call('told')).pending).toBe(0);
    expect(await entries()).toBe(before);
    goOn();
    await poll(entries).toBe(before + 1);
    const after = await Promise.all(times(10, (i) => shops[i % 2]!.ask('/a')));
    expect(madeBy(after)).not.toContainEqual(madeBy([old])[0]);
  });

  it('F3: nor what the process itself has, though Redis is told of that late as well', async () => {
    const { shops, redis } = await openBehindProxy({ processes: 2, memory: false });
    const [one, two] = [shops[0]!, shops[1]!];
    await one.call('behave', 'answers', 'held');
    const asked = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(1);
    await redis.kill('SIGSTOP');
    await one.call('free');
    const old = madeBy([await asked])[0];
    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'pending' });
    expect(madeBy([await one.ask('/a')])).not.toContainEqual(old);
    await redis.kill('SIGCONT');
    await poll(async () => (await one.call('told')).pending).toBe(0);
    const after = await Promise.all(times(10, (i) => [one, two][i % 2]!.ask('/a')));
    expect(madeBy(after)).not.toContainEqual(old);
  });
});

describe('F7: a crowd in front of a breaker that may let one through', () => {
  it('F7: one goes, and all others are answered while it is waited for', async () => {
    // Neither opens nor tries because time is over: a connection is cut, and another one stands.
    const tier = { commandTimeoutMs: 600_000, breaker: { failures: 1, openMs: 3_600_000 } };
    const { proxy, one } = await openBehindProxy({ tier });
    const answer = proxy.impose({ replies: { hold: true } }, (connection) => connection.sent('get') > 0);
    const calls = countCalls(proxy);
    const lost = one.ask(freshPath());
    await poll(calls).toBe(1);
    proxy.cut();
    await lost;
    expect(await stateOf(one)).toBe('open');
    await poll(async () => (await one.call('told')).connections.at(-1)!.state).toBe('ready');

    const crowd = amount(300, 1500);
    let answered = 0;
    const asked = times(crowd, async (i) => {
      const reply = await one.ask(`/crowd-${i}`);
      answered += 1;
      return reply;
    });
    await poll(() => answered).toBe(crowd - 1);
    expect([calls(), await stateOf(one)]).toEqual([2, 'half-open']);
    answer();
    expect(madeBy(await Promise.all(asked))).toHaveLength(crowd);
    expect(await stateOf(one)).toBe('closed');
  });
});
