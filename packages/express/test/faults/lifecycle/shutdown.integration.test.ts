import { refuseWrites } from '@larder/servers';
import { describe, expect, it } from 'vitest';
import { PATIENT } from '../support/patient.ts';
import { type RigOptions, rig } from '../support/rig.ts';
import { madeBy, poll, type Shop } from '../support/shop.ts';

const policy = { ttl: 1, staleWhileRevalidate: 600 };

/** One process that makes `/old` anew behind a reply, and `/new` for two clients of its own and one of the other's. */
async function busy(fills: RigOptions['fills']) {
  const made = await rig({ policy, fills: { waitTimeout: 3600, fillTimeout: 3600, ...fills } });
  const { one, two, locks } = made;
  const old = await one.ask('/old');
  await one.call('behave', 'answers', 'held');
  await poll(async () => {
    await one.ask('/old');
    return (await one.runs('/old')).length;
  }).toBe(2);
  const clients = [one.ask('/new'), one.ask('/new')];
  await poll(() => one.runs('/new')).toHaveLength(1);
  const other = two.ask('/new');
  await poll(locks).toContainEqual(expect.stringMatching(/\+$/));
  return { ...made, old, clients, other };
}

const leaving = async (shop: Shop) => (await shop.state()).leaving;

describe('F56: a process that is told to go', () => {
  it('F56: first ends what it has begun, for its clients, for other processes and for Redis, and is gone then by itself', async () => {
    const { one, two, old, clients, other, locks } = await busy({ drainTimeout: 3600 });
    await one.kill('SIGTERM');
    await poll(() => leaving(one)).toBe('yes');
    await one.kill('SIGTERM');
    expect(await two.runs('/new')).toEqual([]);
    await one.call('free');
    expect(await one.exited).toEqual({ code: 0 });
    const replies = [...(await Promise.all(clients)), await other];
    expect(madeBy(replies)).toEqual([expect.stringMatching(`^200 by run \\d+ of ${one.pid}$`)]);
    expect(await locks()).toEqual([]);
    const refreshed = await two.ask('/old');
    expect([refreshed.by, refreshed.run > old.run]).toEqual([one.pid, true]);
    expect([await two.runs('/new'), await two.runs('/old')].flat().filter(({ unseen }) => !unseen)).toEqual(
      [],
    );
  });

  it('F56: and whose handlers take longer than its grace, leaves them to others, and goes when its clients have theirs', async () => {
    const { one, two, clients, other } = await busy({ drainTimeout: 0.2 });
    await one.kill('SIGTERM');
    expect(await other).toMatchObject({ status: 200, by: two.pid });
    await poll(() => leaving(one)).toBe('ready');
    const runs = [...(await one.runs('/new')), ...(await one.runs('/old')).slice(1)];
    expect(runs.map(({ ended }) => ended)).toEqual([undefined, undefined]);
    await one.call('free');
    for (const reply of await Promise.all(clients)) expect(reply).toMatchObject({ status: 200, by: one.pid });
    expect(await one.exited).toEqual({ code: 0 });
  });

  it('F56: tells Redis first what it has not been able to tell it', async () => {
    const { one, two, redis } = await rig({ memory: false, tier: PATIENT });
    const first = await one.ask('/a');
    await poll(async () => madeBy([await two.ask('/a')])).toEqual(madeBy([first]));
    const accept = await refuseWrites(redis);
    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'pending' });
    // Long before it would try again.
    await accept();
    await one.kill('SIGTERM');
    expect(await one.exited).toEqual({ code: 0 });
    expect(await two.ask('/a')).toMatchObject({ x: 'MISS', by: two.pid });
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'F56: goes also where Redis does not answer: %s',
    async (signal) => {
      // As impatient as usual.
      const { one, redis } = await rig({ policy, tier: {}, processes: 1 });
      await one.ask('/a');
      await redis.kill(signal);
      expect(await one.call('invalidate', 'thing')).toEqual({ state: 'pending' });
      await one.kill('SIGTERM');
      expect(await one.exited).toEqual({ code: 0 });
    },
  );

  it('F56: closes its cache as often as it is told to, and answers on without it', async () => {
    const { one, two, client, keys } = await rig();
    const first = await one.ask('/a');
    await Promise.all([one.call('close'), one.call('close')]);
    await one.call('close');
    const entries = new Set(await keys('e'));
    const replies = [await one.ask('/a'), await one.ask('/a'), await one.ask('/b')];
    expect(replies.map(({ x, by }) => [x, by])).toEqual(Array(3).fill(['BYPASS', one.pid]));
    expect(await one.call('invalidate', 'thing')).toEqual({ state: 'pending' });
    expect(new Set(await keys('e'))).toEqual(entries);
    expect(madeBy([await two.ask('/a')])).toEqual(madeBy([first]));
    const others = async () => String(await client.client('LIST')).match(/name=larder /g)?.length;
    // It has two, and so had the other.
    await poll(others).toBe(2);
    await one.kill('SIGTERM');
    expect(await one.exited).toEqual({ code: 0 });
  });
});
