import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { poll } from '../faults/support/shop.ts';
import { BOUNDS } from './check.ts';
import { type Mishap, someOf } from './mishaps.ts';
import { oneOf, type Random, seeded } from './random.ts';
import { headline, hitsOf, type Report, readsOf, tableOf, total } from './report.ts';
import { Traffic } from './traffic.ts';
import { type World, world } from './world.ts';

const long = process.env.LARDER_SOAK === 'long';
const lengthMs = long ? Number(process.env.LARDER_SOAK_MINUTES ?? 60) * 60_000 : 0;
/** Of each round. */
const MISHAPS = long ? Number.POSITIVE_INFINITY : 4;
/** Long enough for what was written at the beginning to be due everywhere. */
const LASTING = BOUNDS.others * 1.25;
/** Reads that each of the promises was put to. */
const CHECKED = 50;

const seed = Number(process.env.LARDER_SEED ?? randomInt(2 ** 31));

/** One thing after another, while everybody reads and writes. */
async function goThrough(scene: World, traffic: Traffic, round: readonly Mishap[], random: Random) {
  const { journal, shops } = scene;
  for (const { name, happen } of round) {
    journal.during = name;
    // Of its own, for how often it is asked depends on more than the seed.
    const chance = seeded(random() * 2 ** 32);
    const heal = await happen({ ...scene, traffic, random: chance, one: oneOf(shops, random) });
    await traffic.goesOn(LASTING);
    await heal();
    journal.during = `after: ${name}`;
    await traffic.recovered();
    journal.audit();
  }
  journal.during = 'nothing';
}

interface Running {
  readonly scene: World;
  readonly traffic: Traffic;
  readonly random: Random;
  /** How often each thing happened. */
  readonly mishaps: Record<string, number>;
}

/** Round after round; then everything is delivered, and goes on until each promise was put to the test. */
async function history({ scene, traffic, random, mishaps }: Running): Promise<void> {
  const until = Date.now() + lengthMs;
  await traffic.goesOn(LASTING);
  do {
    const round = someOf(MISHAPS, random);
    for (const { name } of round) mishaps[name] = (mishaps[name] ?? 0) + 1;
    await goThrough(scene, traffic, round, random);
  } while (Date.now() < until);
  await poll(() => scene.waiting()).toBe(false);
  await traffic.goesOn(LASTING);
  const leastChecked = () =>
    Math.min(...Object.values(scene.journal.audit().bounds).map((kept) => kept.checked));
  await poll(leastChecked).toBeGreaterThan(CHECKED);
  await traffic.stop();
}

it('F45–F50, F53: whatever happens, nobody is given what had to be known to be out of date', {
  timeout: 180_000 + lengthMs * 1.2,
}, async () => {
  console.log(`LARDER_SEED=${seed}`);
  const scene = await world(seed);
  const { journal, shops } = scene;
  const running = { scene, traffic: new Traffic(scene, seed), random: seeded(seed), mishaps: {} };
  const begin = Date.now();
  const report = (): Report => {
    const [seconds, { cut }] = [(Date.now() - begin) / 1000, journal];
    return { ...journal.audit(), seed, seconds, cut, writes: journal.tally(), mishaps: running.mishaps };
  };
  await history(running).finally(() => {
    console.log(long ? tableOf(report()) : headline(report()));
    if (process.env.LARDER_SOAK_JSON !== undefined) console.log(JSON.stringify(report()));
  });
  const found = report();
  expect(found.violations).toEqual([]);
  expect(journal.failures).toEqual([]);
  expect(shops.flatMap(({ troubles }) => troubles)).toEqual([]);
  // One that is idle would find nothing either.
  expect(readsOf(found)).toBeGreaterThan(500);
  expect(hitsOf(found)).toBeGreaterThan(200);
  expect(total(Object.values(found.writes))).toBeGreaterThan(25);
});
