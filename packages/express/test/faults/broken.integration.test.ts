import { describe, expect, it } from 'vitest';
import { sharedRig } from './support/rig.ts';
import { freshPath, madeBy, poll, textOf } from './support/shop.ts';

const shops = sharedRig();

describe('F37: a response that breaks off', () => {
  it.each([
    'throws between halves',
    'destroys between halves',
    'destroys at once',
    'pipes what breaks',
  ] as const)('F37: is cut off, stored nowhere, and made anew for those who wait: it %s', async (how) => {
    const { one, two, contended } = shops();
    const path = freshPath();
    await one.call('behave', [how, 'answers'], 'held');
    const leader = one.ask(path).catch((error: unknown) => error);
    await poll(() => one.runs(path)).toHaveLength(1);
    const waiting = [one.ask(path), two.ask(path)];
    await one.arrivals(2);
    await contended();
    await one.call('free');
    // No end that a client could take for one.
    expect(await leader).toMatchObject({ code: 'ECONNRESET' });
    const replies = [...(await Promise.all(waiting)), await one.ask(path), await two.ask(path)];
    const [broken] = await one.runs(path);
    expect(madeBy(replies)).toEqual([expect.stringMatching(/^200/)]);
    expect(madeBy(replies)).not.toContain(`200 by run ${broken!.run} of ${one.pid}`);
    expect(replies.slice(2).map(({ x }) => x)).toEqual(['HIT', 'HIT']);
  });
});

describe('F39: a response at odds with itself', () => {
  it.each(['says less than announced', 'says more than announced'] as const)(
    'F39: is not stored, nor given to those who wait: it %s',
    async (how) => {
      const { one, two, contended } = shops();
      const path = freshPath();
      await one.call('behave', [how, 'answers'], 'held');
      const leader = one.visit(path);
      await poll(() => one.runs(path)).toHaveLength(1);
      const waiting = [one.ask(path), two.ask(path)];
      await one.arrivals(2);
      await contended();
      await one.call('free');
      const replies = [...(await Promise.all(waiting)), await one.ask(path), await two.ask(path)];
      const [odd] = await one.runs(path);
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(madeBy(replies)).not.toContain(`200 by run ${odd!.run} of ${one.pid}`);
      leader.destroy();
    },
  );

  it('F39: is stored as it began where its handler ends it twice', async () => {
    const { one, two } = shops();
    const path = freshPath();
    await one.call('behave', 'ends twice');
    const replies = [await one.ask(path), await one.ask(path), await two.ask(path)];
    expect([madeBy(replies).length, replies.map(({ x }) => x)]).toEqual([1, ['MISS', 'HIT', 'HIT']]);
  });

  it('F39: is stored without its trailers, and without having promised any', async () => {
    const { one, two } = shops();
    const path = freshPath();
    await one.call('behave', 'sends trailers');
    expect(await textOf(one.visit(path))).toMatch(/\r\n0\r\nX-Sum: 42\r\n\r\n$/);
    for (const shop of [one, two]) {
      await poll(async () => (await shop.ask(path)).x).toBe('HIT');
      const hit = await textOf(shop.visit(path));
      expect(hit).not.toMatch(/X-Sum|^Trailer/im);
    }
    expect((await one.runs(path)).length).toBe(1);
  });

  it('F39: is stored without the hints that came before it', async () => {
    const { one, two } = shops();
    const path = freshPath();
    await one.call('behave', 'hints early');
    const first = await textOf(one.visit(path));
    expect(first).toMatch(/^HTTP\/1\.1 103 Early Hints\r\n/);
    expect(first).toContain('\r\n\r\nHTTP/1.1 200 OK\r\n');
    for (const shop of [one, two]) {
      await poll(async () => (await shop.ask(path)).x).toBe('HIT');
      const hit = await textOf(shop.visit(path));
      expect([hit.split('\r\n')[0], hit.includes('style.css')]).toEqual(['HTTP/1.1 200 OK', false]);
    }
    expect((await one.runs(path)).length).toBe(1);
  });
});
