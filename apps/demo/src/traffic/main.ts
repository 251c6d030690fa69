import { seededRandom } from '../seed/random.ts';
import { readArgs, type TrafficOptions, USAGE } from './args.ts';
import { explain, openClient } from './client.ts';
import { drive } from './drive.ts';
import { visits } from './mix.ts';
import { showProgress } from './progress.ts';
import { countedSoFar } from './queries.ts';
import { report } from './report.ts';
import { Tally } from './tally.ts';
import { lookAround } from './visitors.ts';

/** Resolves the number of errors that the visitors met. */
async function run({ url, ...options }: TrafficOptions): Promise<number> {
  const client = openClient(url, options);
  const ending = new AbortController();
  process.once('SIGINT', () => ending.abort());
  try {
    const scene = await lookAround(client).catch(explain(url));
    // Not seeded by a constant: a second run should not find only what the first one left.
    const next = visits(scene, seededRandom(Date.now()));
    const before = await countedSoFar(client);
    const tally = new Tally();
    const began = performance.now();
    const endProgress = showProgress(tally.totals, options.seconds, process.stdout);
    await drive(client, next, tally, { ...options, signal: ending.signal });
    endProgress();
    const elapsed = (performance.now() - began) / 1000;
    console.log(report(tally, before, await countedSoFar(client), elapsed));
    return tally.totals.errors;
  } finally {
    client.close();
  }
}

try {
  const options = readArgs(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else process.exitCode = (await run(options)) > 0 ? 1 : 0;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
