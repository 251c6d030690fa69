import { setTimeout as sleep } from 'node:timers/promises';
import { ms } from '../traffic/table.ts';
import { readArgs, type StampedeOptions, USAGE } from './args.ts';
import { askAtOnce, type Got } from './crowd.ts';
import { isAnswered, report } from './report.ts';
import { REPORT, Scene } from './scene.ts';

const say = (line: string): void => console.log(line);

/** Resolves the number of clients that got no report. */
async function run({ shops, requests, stale }: StampedeOptions): Promise<number> {
  const scene = await Scene.enter(shops);
  const over = shops.length > 1 ? `, over ${shops.length} processes` : '';
  try {
    const alone = await askAlone(scene);
    say(`One client on the cold report: ${alone.cache} after ${ms(alone.ms)}.`);
    // For so long another process may answer from memory what a write has emptied.
    if (shops.length > 1) await sleep(1_000);

    say(`${requests} clients on the cold report, all at once${over}:\n`);
    const before = await scene.queries();
    const cold = await askAtOnce(shops, requests, REPORT);
    say(`${report(cold, (await scene.queries()) - before)}\n`);
    const late = stale ? await askStale(scene, shops, requests) : [];
    return [...cold, ...late].filter((got) => !isAnswered(got)).length;
  } finally {
    scene.leave();
  }
}

/** Leaves the report as cold as it was: the price that it needs for that is set back behind the answer. */
async function askAlone(scene: Scene) {
  const { id, priceCents } = scene.product;
  say(
    `Product ${id} costs ${priceCents} cents; ${priceCents + 1} for a moment: each write empties the report.`,
  );
  await scene.setPrice(priceCents + 1);
  try {
    return await scene.report();
  } finally {
    await scene.setPrice(priceCents);
  }
}

async function askStale(scene: Scene, shops: readonly URL[], requests: number): Promise<Got[]> {
  const { cacheStatus = '' } = await scene.report();
  const seconds = Number(/; hit; ttl=(\d+)/.exec(cacheStatus)?.[1] ?? 0) + 1;
  say(`Waiting ${seconds} s, until it is stale; then ${requests} clients all at once:\n`);
  await sleep(seconds * 1_000);
  const before = await scene.queries();
  const got = await askAtOnce(shops, requests, REPORT);
  const freshAfter = await untilFresh(scene);
  say(report(got, (await scene.queries()) - before));
  say(
    `Fresh again ${freshAfter === undefined ? 'later than 10 s' : `${ms(freshAfter)} after the last answer`}.`,
  );
  return got;
}

const PATIENCE_MS = 10_000;

/** Ms until the report is a hit; undefined when it is not for too long. */
async function untilFresh(scene: Scene): Promise<number | undefined> {
  const began = performance.now();
  while (performance.now() - began < PATIENCE_MS) {
    if ((await scene.report()).cache === 'HIT') return performance.now() - began;
    await sleep(10);
  }
  return undefined;
}

try {
  const options = readArgs(process.argv.slice(2));
  if (options === 'help') say(USAGE);
  else process.exitCode = (await run(options)) > 0 ? 1 : 0;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
