import { type LocalCluster, spawnCluster } from '@larder/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amount, takeTime } from '../support/intensity.ts';
import { poll, type Shop, startShop, times } from '../support/shop.ts';
import { type Deed, everyDeath, everything, hardly, several, softly, survivors, writesOf } from './dying.ts';
import { following, keptBy, runOf } from './kit.ts';

takeTime();

let cluster: LocalCluster;
let tests = 0;
beforeAll(async () => {
  cluster = await spawnCluster({ replicas: 0 });
});
afterAll(() => cluster?.stop());

function living() {
  tests += 1;
  return survivors({ cluster: cluster.seeds }, `dying-${tests}`);
}

/** Each of the first and of the last ones, and some of many in between. */
function behindsOf(writes: number): number[] {
  const all = times(writes + 1, (i) => i);
  const every = Math.ceil(all.length / amount(5, all.length));
  return all.filter((i) => i < 3 || i > writes - 2 || i % every === 0);
}

describe('F47: a process that is killed between two steps of an invalidation in a Cluster', () => {
  it.each<Deed>([hardly, softly, several, everything])(
    'F47: of $name: has invalidated each of them everywhere or nowhere, and everywhere what it was told is done',
    async (deed) => {
      const both = await living();
      const writes = await writesOf(both, deed);
      const deaths = await everyDeath(both, deed, behindsOf(writes));
      expect(new Set(deaths[0]!.fates)).toEqual(new Set(['kept']));
      for (const { fates } of deaths.slice(-2)) expect(new Set(fates)).toEqual(new Set(['gone']));
      for (const shop of [both.remembering, both.forgetful])
        expect((await shop.state()).troubles).toEqual([]);
    },
  );

  it('F47: of everything: does not leave to memory what was read again between its first step and the others', async () => {
    const both = await living();
    const { remembering, forgetful, setup } = both;
    const writes = await writesOf(both, everything);
    const dying = await startShop({ ...setup, mortal: true });
    const old = runOf(await keptBy([remembering, forgetful, dying], '/a'));
    await dying.call('pauseBehind', 1);
    const heard = asksAnew(remembering);
    void dying.call('invalidateAll');
    // It is written down, and nothing is done yet: who has heard of it finds in Redis what was there.
    expect(await heard).toBe(old);
    // Whoever comes now finds other news in the logs behind it.
    await forgetful.call(
      'invalidate',
      times(60, (i) => `other-${i}`),
    );
    const newcomer = await startShop(setup);
    await keptBy([remembering, newcomer], '/a');
    await following([newcomer]);
    expect(await asksAnew(newcomer)).toBe(old);
    await dying.call('dieBehind', writes - 2);
    await dying.exited;
    for (const shop of [forgetful, remembering, newcomer])
      await poll(async () => runOf(await shop.ask('/a'))).not.toBe(old);
  });
});

/** Resolves once it has asked Redis again for what it has in memory; gives what it was told. */
async function asksAnew(shop: Shop): Promise<string> {
  const asked = async () => (await shop.call('told')).outcomes['get ok'];
  const before = await asked();
  let run = '';
  await poll(async () => {
    run = runOf(await shop.ask('/a'));
    return asked();
  }).not.toBe(before);
  return run;
}
