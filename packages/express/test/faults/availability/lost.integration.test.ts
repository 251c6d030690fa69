import { describe, expect, it } from 'vitest';
import { amount } from '../support/intensity.ts';
import { madeBy, poll, times } from '../support/shop.ts';
import { openBehindProxy, stores } from './kit.ts';
import { countReads, listen } from './news.ts';

/** Nothing here ends because time is over: who is answered is answered because a connection broke. */
const tier = { commandTimeoutMs: 600_000, breaker: { openMs: 3_600_000 } };

describe('F2: a Redis that is killed while it is asked', () => {
  it('F2: all who waited for it are answered, it is left alone, and asked again once it is back', async () => {
    const { redis, proxy, one } = await openBehindProxy({ tier });
    const crowd = amount(200, 1000);
    for (let round = 1; round <= amount(1, 10); round += 1) {
      const news = await listen(one);
      const reads = countReads(proxy);
      // Stalled, so that none is answered before it dies.
      await redis.kill('SIGSTOP');
      const waiting = times(crowd, (i) => one.ask(`/waiting-${round}-${i}`));
      await poll(reads).toBe(crowd);
      expect(await one.runs(`/waiting-${round}-0`)).toEqual([]);
      await redis.kill('SIGKILL');
      expect(madeBy(await Promise.all(waiting))).toHaveLength(crowd);
      const killed = await news();
      expect([killed.connections, killed.count('get failed')]).toEqual([['lost'], crowd]);

      const coming = times(crowd, (i) => one.ask(`/coming-${round}-${i}`));
      expect(madeBy(await Promise.all(coming))).toHaveLength(crowd);
      const gone = await news();
      expect([reads(), gone.count('get failed')]).toEqual([crowd, crowd]);
      expect(gone.count('lock offline') - killed.count('lock offline')).toBe(crowd);

      await redis.revive();
      await stores(one);
      // Once nothing is left of what went on before: the connection that it has now is there to stay.
      await one.quiet();
      expect((await news()).connections).toEqual(['lost', 'ready']);
    }
  });
});
