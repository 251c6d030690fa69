import { describe, expect, it } from 'vitest';
import { rig, toldTo } from './support/rig.ts';
import { madeBy, poll, times } from './support/shop.ts';

describe('F30: a process that is killed while its handler runs', () => {
  it('F30: is succeeded by one that waits in another process', async () => {
    const { one, two, contended } = await rig();
    await one.call('behave', 'answers', 'held');
    const lost = one.ask('/a').catch(() => 'cut');
    await poll(() => one.runs('/a')).toHaveLength(1);
    const waiting = times(5, () => two.ask('/a'));
    await contended();
    expect(await two.runs('/a')).toEqual([]);
    await one.kill('SIGKILL');
    expect(await lost).toBe('cut');
    const replies = await Promise.all(waiting);
    const [run, ...more] = await two.runs('/a');
    expect([madeBy(replies), more]).toEqual([[`200 by run ${run!.run} of ${two.pid}`], []]);
    expect(await two.ask('/a')).toMatchObject({ x: 'HIT', run: run!.run });
  });

  it('F30b: or one that lives on: who waits for it goes on after waitTimeout', async () => {
    const { one, two, locks, contended } = await rig({ fills: { waitTimeout: 0.5 } });
    await one.call('behave', 'answers', 'held');
    const leader = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(1);
    const waiting = two.ask('/a');
    await contended();
    const [token] = await locks();
    expect(await waiting).toMatchObject({ status: 200, by: two.pid });
    // The holder still is the holder: it has not given way.
    expect(await locks()).toEqual([token]);
    await one.call('free');
    expect(await leader).toMatchObject({ status: 200, by: one.pid });
  });

  it('F30b: or one that lives on: of many who waited for it no more go on at a time than handlers may run', async () => {
    const { one, two, contended } = await rig({ fills: { waitTimeout: 0.5, maxConcurrentFills: 2 } });
    await one.call('behave', 'answers', 'held');
    const leader = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(1);
    await two.call('behave', 'throws', 'held');
    const waiting = Promise.all(times(8, () => two.ask('/a')));
    await contended();
    for (let gone = 0; gone < 8; gone += 2) {
      await poll(async () => (await two.state()).atOnce).toBe(2);
      await two.call('go');
    }
    expect(madeBy(await waiting)).toHaveLength(8);
    expect((await two.state()).mostAtOnce).toBe(2);
    await one.call('free');
    expect(await leader).toMatchObject({ status: 200, by: one.pid });
  });
});

describe('F31: a holder that takes longer than its lock', () => {
  it('F31: keeps it as long as it lives', async () => {
    const { one, two, redis, contended } = await rig();
    await one.call('behave', 'answers', 'held');
    const leader = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(1);
    const waiting = two.ask('/a');
    await contended();
    const heard = await toldTo(redis);
    const extensions = () => heard.filter((command) => /^evalsha$/i.test(command[0]!)).length;
    // The third comes when the time it was taken for is over.
    await poll(extensions).toBeGreaterThanOrEqual(4);
    expect(await two.runs('/a')).toEqual([]);
    await one.call('free');
    expect(madeBy([await leader, await waiting])).toHaveLength(1);
  });

  it('F31: and was stopped meanwhile, is overtaken; its release frees nobody else’s lock', async () => {
    const { one, two, redis, locks, contended } = await rig();
    await one.call('behave', 'answers', 'held');
    await two.call('behave', 'answers', 'held');
    const slow = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(1);
    const [slowToken] = await locks();
    const quick = two.ask('/a');
    await contended();
    await one.kill('SIGSTOP');
    await poll(() => two.runs('/a')).toHaveLength(1);
    const [token, ...others] = await locks();
    expect([others, slowToken === token]).toEqual([[], false]);
    const heard = await toldTo(redis);
    const released = () => heard.some((command) => command.includes(slowToken!) && command.some(isEnding));
    await one.kill('SIGCONT');
    await one.call('free');
    expect(await slow).toMatchObject({ status: 200, by: one.pid });
    await poll(released).toBe(true);
    expect((await locks()).map((held) => held.slice(0, token!.length))).toEqual([token]);
    await two.call('free');
    expect(await quick).toMatchObject({ status: 200, by: two.pid });
    await poll(locks).toEqual([]);
    expect((await two.ask('/a')).x).toBe('HIT');
  });

  it('F31: and was stopped meanwhile, gives nobody what was invalidated in that time', async () => {
    const { one, two, redis, locks } = await rig();
    await one.call('behave', 'answers', 'held');
    const slow = one.ask('/a');
    await poll(() => one.runs('/a')).toHaveLength(1);
    const [slowToken] = await locks();
    await one.kill('SIGSTOP');
    expect(await two.call('invalidate', 'thing')).toEqual({ state: 'done' });
    expect(await two.ask('/a')).toMatchObject({ status: 200, by: two.pid });
    const heard = await toldTo(redis);
    await one.kill('SIGCONT');
    await one.call('free');
    // Its client asked before the invalidation, and may have it.
    const old = await slow;
    expect(old).toMatchObject({ status: 200, by: one.pid });
    await poll(() => heard.some((command) => command.includes(slowToken!) && command.some(isEnding))).toBe(
      true,
    );
    const after = await Promise.all(times(10, (i) => (i % 2 === 0 ? one : two).ask('/a')));
    expect(madeBy(after)).not.toContainEqual(madeBy([old])[0]);
  });
});

describe('F38: a handler that never answers', () => {
  it('F38: holds up nobody for longer than fillTimeout, in its own process and in another', async () => {
    const { one, two, locks } = await rig({ policy: { ttl: 600, fillTimeout: 1 } });
    await one.call('behave', 'answers', 'held');
    const leader = one.visit('/a');
    let heard = 0;
    leader.on('data', (chunk: Buffer) => {
      heard += chunk.length;
    });
    await poll(() => one.runs('/a')).toHaveLength(1);
    // Those who come after it find a handler that is well again.
    await one.call('behave', 'answers', 'free');
    const waiting = [...times(3, () => one.ask('/a')), ...times(3, () => two.ask('/a'))];
    const replies = await Promise.all(waiting);
    expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(200));
    await poll(locks).toEqual([]);
    // The request itself is left to the app.
    expect([(await one.runs('/a'))[0]!.ended, heard]).toEqual([undefined, 0]);
    await one.call('free');
    await poll(() => heard).toBeGreaterThan(0);
  });
});

const isEnding = (argument: string): boolean => / (?:stored|unshared|failed|lost)$/.test(argument);
