import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LARGE_BYTES } from './support/behaviours.ts';
import { sharedRig } from './support/rig.ts';
import { freshPath, madeBy, poll, times } from './support/shop.ts';

const shops = sharedRig({ policy: { ttl: 600, maxBodyBytes: 2 * LARGE_BYTES } });

describe('F35: the client of the request that leads leaves in the middle of it', () => {
  it('F35: and its handler goes on for those who wait, here and in another process', async () => {
    const { one, two, contended } = shops();
    const path = freshPath();
    await one.call('behave', 'answers', 'held');
    const leader = one.visit(path);
    await poll(() => one.runs(path)).toHaveLength(1);
    const waiting = [one.ask(path), two.ask(path)];
    await one.arrivals(2);
    await contended();
    leader.destroy();
    await poll(async () => (await one.state()).gone).toBe(1);
    await one.call('free');
    const replies = [...(await Promise.all(waiting)), await one.ask(path), await two.ask(path)];
    const { run } = (await one.runs(path))[0]!;
    expect(madeBy(replies)).toEqual([`200 by run ${run} of ${one.pid}`]);
    expect(await two.runs(path)).toEqual([]);
  });

  it.each(['writes halves', 'pipes halves'] as const)(
    'F35: and between two chunks, of which the second may never come: one of those who wait leads. It %s',
    async (how) => {
      const { one, two, contended } = shops();
      const path = freshPath();
      await one.call('behave', how, 'held');
      const leader = one.visit(path);
      await once(leader, 'data');
      const waiting = [one.ask(path), two.ask(path)];
      await one.arrivals(2);
      await contended();
      const [half] = await one.runs(path);
      await one.call('behave', 'answers', 'free');
      leader.destroy();
      const replies = await Promise.all(waiting);
      expect(madeBy(replies)).toEqual([expect.stringMatching(/^200/)]);
      expect(madeBy(replies)).not.toContain(`200 by run ${half!.run} of ${one.pid}`);
      // Whether it ends after all is the same to everybody.
      await one.call('free');
      await poll(async () => (await one.runs(path))[0]!.ended).toBeDefined();
      const after = [await one.ask(path), await two.ask(path)];
      expect(after.map(({ status, x }) => [status, x])).toEqual(Array(2).fill([200, 'HIT']));
    },
  );
});

describe('F36: clients that leave in the middle of a hit', () => {
  it('F36: leave nothing behind', async () => {
    const { one } = shops();
    const path = freshPath();
    await one.call('behave', 'is large');
    await one.ask(path);
    expect((await one.ask(path)).x).toBe('HIT');
    const { arrayBuffers } = await one.call('memory');
    for (let round = 1; round <= 3; round += 1) {
      const leaving = times(10, () => one.visit(path).pause());
      for (const socket of leaving) {
        await once(socket, 'readable');
        expect(socket.bytesRead).toBeLessThan(LARGE_BYTES);
        socket.destroy();
      }
      await one.arrivals(2 + 10 * round);
      await one.quiet();
    }
    // The one body that is stored, and not thirty.
    const held = async () => (await one.call('memory')).arrayBuffers;
    await poll(held).toBeLessThan(arrayBuffers + LARGE_BYTES);
    expect(await one.ask(path)).toMatchObject({ status: 200, x: 'HIT' });
    expect(await one.runs(path)).toHaveLength(1);
  });
});
