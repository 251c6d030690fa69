import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { HUGE_BYTES } from './support/behaviours.ts';
import { sharedRig } from './support/rig.ts';
import { download, freshPath, poll } from './support/shop.ts';

const MIB = 1024 * 1024;
/** What a process that sends gathers and gives back at its leisure; less than half of what is sent. */
const SLACK = 48 * MIB;

const shops = sharedRig();

describe('F40: a body of 100 MB', () => {
  it('F40: goes through without being gathered, to who asked first and to those who wait', async () => {
    const { one, two, keys, contended } = shops();
    const path = freshPath();
    const entries = new Set(await keys('e'));
    for (const shop of [one, two]) await shop.call('behave', 'is huge', 'held');
    const { rss } = await one.call('memory');
    // A client that takes its time.
    const first = one.visit(path).pause();
    await poll(() => one.runs(path)).toHaveLength(1);
    const others = [download(one.options(path)), download(two.options(path))];
    await one.arrivals(2);
    await contended();
    for (const shop of [one, two]) await shop.call('free');
    for (const { bytes } of await Promise.all(others)) expect(bytes).toBe(HUGE_BYTES);
    expect((await one.runs(path))[0]!.ended).toBeUndefined();
    first.resume();
    await once(first, 'close');
    expect(first.bytesRead).toBeGreaterThan(HUGE_BYTES);
    expect((await one.runs(path)).length + (await two.runs(path)).length).toBe(3);
    expect(Math.max((await one.call('memory')).heaviest - rss, 0)).toBeLessThan(SLACK);
    expect(new Set(await keys('e'))).toEqual(entries);
  });

  it('F40: is not gathered at all the next time', async () => {
    const { one } = shops();
    const path = freshPath();
    await one.call('behave', 'is huge');
    await download(one.options(path));
    const { headers, bytes } = await download(one.options(path));
    expect([headers['cache-status'], bytes]).toEqual(['Larder; fwd=uri-miss; detail=too-large', HUGE_BYTES]);
    await one.call('behave', 'answers');
    expect(await one.ask(path)).toMatchObject({ status: 200 });
  });
});
