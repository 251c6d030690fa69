import { describe, expect, it } from 'vitest';
import { amount } from '../support/intensity.ts';
import { freshPath, poll, times } from '../support/shop.ts';
import { openBehindProxy } from './kit.ts';
import { load } from './load.ts';
import { listen } from './news.ts';

describe('F4: answers that come when nobody waits for them any more', () => {
  it('F4: are taken for nobody else’s', async () => {
    // It never opens, so that more and more late answers are on their way.
    const tier = { commandTimeoutMs: 10, budgetMs: 40, breaker: { failures: 1_000_000_000 } };
    const { proxy, one } = await openBehindProxy({ memory: false, tier });
    const paths = times(50, (i) => `/thing-${i}`);
    const stored = async () => {
      const replies = await Promise.all(paths.map((path) => one.ask(path)));
      return replies.filter(({ x }) => x === 'HIT').length;
    };
    await poll(stored).toBeGreaterThan(paths.length / 2);
    const news = await listen(one);
    const late = async () => (await news()).count('get failed');
    const crowd = load(amount(30, 100), () => [one, paths[Math.floor(Math.random() * paths.length)]!]);
    const [enough, mostAtOnce] = [amount(400, 100_000), amount(100, 2000)];
    for (let until = mostAtOnce; until <= enough; until += mostAtOnce) {
      const heal = proxy.impose({ replies: { delayMs: 15 + Math.random() * 40 } });
      await poll(late).toBeGreaterThanOrEqual(until);
      heal();
      // In between there are answers in time, behind those that were late.
      await crowd.more(paths.length);
    }
    // Every reply was of what it was asked for, or this would reject.
    const seen = await crowd.stop();
    expect(seen.HIT).toBeGreaterThan(paths.length);
    expect((await news()).breakers).toEqual([]);
  });
});

describe('F5: a Redis that is slow, and not too slow', () => {
  it('F5: what one request may wait is spent on the first call; then the handler runs', async () => {
    // The proportions of 40 ms in 50 and 60, with as much to spare as a busy machine may take.
    const tier = { commandTimeoutMs: 2500, budgetMs: 3000 };
    const { proxy, one } = await openBehindProxy({ tier });
    const heal = proxy.impose({ replies: { delayMs: 2000 } });
    for (let round = 0; round < amount(1, 20); round += 1) {
      const news = await listen(one);
      const replies = await Promise.all(times(10, () => one.ask(freshPath())));
      expect(new Set(replies.map(({ status, x }) => `${status} ${x}`))).toEqual(new Set(['200 MISS']));
      const { breakers, count } = await news();
      expect(breakers).toEqual([]);
      // One round trip was waited for to its end, and the next for as long as was left.
      expect([count('get ok'), count('lock failed')]).toEqual([10, 10]);
      expect(count('lock ok') + count('snapshot ok')).toBe(0);
    }
    heal();
  });
});
