import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examples, type Plan, plans } from './plan.ts';
import { storyOf } from './story.ts';
import { World } from './world.ts';

/** So many plans by chance, each in an order of its own. */
const numRuns = Number(process.env.LARDER_SCHEDULES ?? 50);
const seed = Number(process.env.LARDER_SEED ?? randomInt(2 ** 31));
/** What a failure prints beside its seed, to be told again as the shortest that was found. */
const path = process.env.LARDER_PATH;
/** To find that. */
const SHRINKING_MS = 120_000;

/** The order of a shorter plan is no smaller one. */
const orders = fc.noShrink(fc.nat());

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.stop());

it('whatever the order of its steps, nobody is given what had to be known to be out of date', {
  timeout: SHRINKING_MS + numRuns * 1000,
}, async () => {
  console.log(`LARDER_SEED=${seed}`);
  let tested = 0;
  const tells = async (order: number, plan: Plan) => {
    const told = await storyOf(world, order, plan);
    tested += told.tested;
    if (told.violations.length > 0) throw new Error([...told.violations, ...told.lines].join('\n'));
  };
  await fc.assert(fc.asyncProperty(orders, plans, tells), {
    numRuns: numRuns + examples.length,
    examples: examples.map((plan, i) => [seed + i, plan] as [number, Plan]),
    seed,
    ...(path !== undefined && { path }),
  });
  // Where nobody is owed anything, nothing is found either.
  expect(tested).toBeGreaterThan(path === undefined ? numRuns : -1);
});

it('tells the same of the same order', async () => {
  const tellsTheSame = async (order: number, plan: Plan) => {
    const { lines } = await storyOf(world, order, plan);
    expect((await storyOf(world, order, plan)).lines).toEqual(lines);
  };
  await fc.assert(fc.asyncProperty(orders, plans, tellsTheSame), { numRuns: 5, seed });
});
