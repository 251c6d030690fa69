import { spawnRedis } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientOf, type Rig, rig, untilSharing } from './support/rig.ts';
import { madeBy, poll, type Reply, type Shop, times } from './support/shop.ts';

const EACH = 500;

/** So many requests on one key in each of three processes, all of which have come in before any handler may answer. */
async function stampede({ shops }: Rig, each = EACH): Promise<{ replies: Promise<Reply[]> }> {
  for (const shop of shops) await shop.call('behave', 'answers', 'held');
  const replies = Promise.all(times(shops.length * each, (i) => shops[i % shops.length]!.ask('/a')));
  for (const shop of shops) await shop.arrivals(each);
  return { replies };
}

/**
 * Each process for itself. While Redis is down nobody can tell what was invalidated elsewhere, so that who came more than
 * a second after the handler began is not given what it makes: one of those makes it anew, for all of them.
 */
async function eachForItself(shops: readonly Shop[], replies: readonly Reply[]): Promise<void> {
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  for (const shop of shops) {
    const runs = await shop.runs('/a');
    expect([1, 2]).toContain(runs.length);
    for (const [i, run] of runs.slice(1).entries()) expect(run.began).toBeGreaterThan(runs[i]!.ended!);
  }
}

const runsOf = async (shops: readonly Shop[], path: string): Promise<number[]> =>
  Promise.all(shops.map(async (shop) => (await shop.runs(path)).length));

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

describe('F32: a stampede on one cold key of three processes', () => {
  it('F32: runs the handler once in all', async () => {
    const made = await rig({ processes: 3 });
    const asking = await stampede(made);
    for (const shop of made.shops) await shop.call('free');
    const replies = await asking.replies;
    expect([replies.length, madeBy(replies).length]).toEqual([3 * EACH, 1]);
    expect(replies[0]!.status).toBe(200);
    expect(sum(await runsOf(made.shops, '/a'))).toBe(1);
  });

  it('F32: runs it once at a time in each process while Redis is down', async () => {
    const made = await rig({ processes: 3 });
    await made.redis.kill('SIGKILL');
    const asking = await stampede(made);
    for (const shop of made.shops) await shop.call('free');
    await eachForItself(made.shops, await asking.replies);
  });

  it('F32: runs it once in each process where all come within a second', async () => {
    const made = await rig({ processes: 3 });
    await made.redis.kill('SIGKILL');
    const asking = await stampede(made, 15);
    for (const shop of made.shops) await shop.call('free');
    await asking.replies;
    expect(await runsOf(made.shops, '/a')).toEqual([1, 1, 1]);
  });

  it('F32: runs it no more often when Redis is killed in the middle of it', async () => {
    const made = await rig({ processes: 3 });
    const asking = await stampede(made);
    await made.redis.kill('SIGKILL');
    // Nobody will be told any more how the one that runs has ended.
    await poll(() => runsOf(made.shops, '/a')).toEqual([1, 1, 1]);
    for (const shop of made.shops) await shop.call('free');
    await eachForItself(made.shops, await asking.replies);
  });
});

describe('F15: a Redis that is killed under load, and comes back empty', () => {
  it('F15: leaves handlers a bounded load, one a key, which goes back to none', async () => {
    const { shops, redis, namespace } = await rig({ fills: { maxConcurrentFills: 4 } });
    for (const shop of shops) await shop.call('behave', 'takes a moment');
    const statuses = new Map<number, number>();
    let served = 0;
    let over = false;
    const client = async (shop: Shop, from: number) => {
      for (let key = from; !over; key = (key + 7) % 60) {
        const { status } = await shop.ask(`/item-${key}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        served += 1;
      }
    };
    const load = Promise.all(shops.flatMap((shop) => times(12, (i) => client(shop, i))));
    onTestFinished(async () => {
      over = true;
      await load.catch(() => {});
    });
    const more = async (count: number) => {
      const until = served + count;
      await poll(() => served).toBeGreaterThan(until);
    };
    const allRuns = async () => sum(await Promise.all(shops.map(async (shop) => (await shop.state()).runs)));
    await more(300);
    await redis.kill('SIGKILL');
    await more(300);
    const back = await spawnRedis({ port: redis.port });
    onTestFinished(() => back.stop());
    const quiet = async () => {
      const before = await allRuns();
      await more(120);
      return (await allRuns()) - before;
    };
    await poll(quiet).toBe(0);
    over = true;
    await load;
    for (const shop of shops) {
      const { mostAtOnce, mostOfOnePath } = await shop.state();
      expect([mostAtOnce, mostOfOnePath]).toEqual([4, 1]);
    }
    expect([...statuses.keys()]).toEqual([200]);
    await untilSharing(shops, await clientOf(back), namespace);
  });
});
