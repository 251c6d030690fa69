import { once } from 'node:events';
import { SILENCE } from '@larder/servers';
import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../support/behaviours.ts';
import { PATIENT } from '../support/patient.ts';
import { sharedRig } from '../support/rig.ts';
import { freshPath, poll, type Shop } from '../support/shop.ts';
import { freshFrom, keptBy, LAG, now, runOf } from './kit.ts';
import { pair } from './pair.ts';

const shops = sharedRig();

let tags = 0;
function fresh() {
  tags += 1;
  const tag = `tag-${tags}`;
  return { path: `${freshPath()}/${tag}`, write: `/written/${tag}` };
}

describe('F50: a route that writes', () => {
  it.each<[what: string, Behaviour]>([
    ['answers with 200', 'answers'],
    ['answers with 303', 'leads elsewhere'],
    ['answers with 503', 'is unavailable'],
    ['throws', 'throws'],
    ['breaks its connection', 'destroys at once'],
    ['throws in the middle of its answer', 'throws between halves'],
  ])(
    'F50: and %s has perhaps written: it is read by who comes next, and by others within the lag',
    async (_, how) => {
      const { one, two } = shops();
      const { path, write } = fresh();
      await keptBy([one, two], path);
      await one.call('behave', [how, 'answers']);
      const since = now();
      const answered = await one.write(write).catch(() => undefined);
      if (answered === undefined) await poll(async () => (await one.ask(path)).began).toBeGreaterThan(since);
      expect((await one.ask(path)).began).toBeGreaterThan(since);
      await freshFrom(two, path, since, now() + LAG);
    },
  );

  it('F50: and refuses with 409 has written nothing', async () => {
    const { one, two } = shops();
    const { path, write } = fresh();
    const old = await keptBy([one, two], path);
    await one.call('behave', ['is refused', 'answers']);
    expect((await one.write(write)).status).toBe(409);
    expect(runOf(await keptBy([one, two], path))).toBe(runOf(old));
  });

  it('F50: and whose client leaves has perhaps written when it left, and when it is done', async () => {
    const { one, two } = shops();
    const { path, write } = fresh();
    const old = await keptBy([one, two], path);
    await one.call('behave', ['answers', 'answers'], 'held');
    const before = (await one.runs(write)).length;
    const client = one.visit(write, 'PUT');
    await poll(async () => (await one.runs(write)).length).toBe(before + 1);
    client.destroy();
    await once(client, 'close');
    const between = await otherThan(two, path, runOf(old));
    await one.call('free');
    await otherThan(two, path, between);
  });
});

/** Resolves once it answers with another run; gives that. */
async function otherThan(shop: Shop, path: string, old: string): Promise<string> {
  let run = old;
  await poll(async () => {
    run = runOf(await shop.ask(path));
    return run;
  }).not.toBe(old);
  return run;
}

describe('F50: the answer of a route that writes', () => {
  it('F50: is held until Redis has acknowledged', async () => {
    const { far, proxy } = await pair({ tier: { ...PATIENT, budgetMs: 20_000 } });
    const heal = proxy.impose({ replies: { hold: true } });
    const sent = proxy.sent('evalsha');
    let answered = false;
    const writing = far.write('/written/tag').finally(() => {
      answered = true;
    });
    await poll(() => proxy.sent('evalsha')).toBeGreaterThan(sent);
    // Its handler is done, and whatever it has said would be here.
    expect(await far.runs('/written/tag')).toMatchObject([{ ended: expect.any(Number) }]);
    expect(answered).toBe(false);
    heal();
    expect(await writing).toMatchObject({ status: 200, by: far.pid });
    expect((await far.call('told')).pending).toBe(0);
  });

  it('F50: is held for no longer than a request may wait', async () => {
    const { far, proxy } = await pair();
    const heal = proxy.impose(SILENCE);
    expect(await far.write('/written/tag')).toMatchObject({ status: 200, by: far.pid });
    expect((await far.call('told')).pending).toBeGreaterThan(0);
    heal();
    await poll(async () => (await far.call('told')).pending).toBe(0);
  });
});
