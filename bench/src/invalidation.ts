import { parseArgs } from 'node:util';
import { startRedis } from '@larder/servers';
import { bytesOfTags } from './invalidation/bytes.ts';
import { operations } from './invalidation/operations.ts';
import { oneAgainstMany, TAGS } from './invalidation/spread.ts';

/** What coherence costs: of a hit, a fill, an invalidation; whatever carries the tag; in bytes. */
const { values } = parseArgs({
  options: { entries: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '2000' } },
});

const redis = await startRedis();
try {
  console.log(`\nOperations, median of ${values.rounds}; a hit in Redis is the baseline:\n`);
  console.log('| what | round trips | time to the baseline |');
  console.log('| --- | --- | --- |');
  const rows = await operations(redis.url, Number(values.rounds));
  const baseline = rows.find(({ isBaseline }) => isBaseline)!.microseconds;
  for (const { what, trips, microseconds } of rows)
    console.log(`| ${what} | ${trips} | ${(microseconds / baseline).toPrecision(2)} |`);

  console.log('\nBytes in Redis that tags cost:\n');
  for (const line of await bytesOfTags(redis.url)) console.log(`- ${line}`);

  const { ratio, bystander } = await oneAgainstMany(redis.url, Number(values.entries));
  console.log(
    `\nInvalidating a tag that ${values.entries} entries carry, to one that one carries: ${ratio.toFixed(2)} times the time (medians of ${TAGS} tags).`,
  );
  console.log(`The slowest PING of another client meanwhile: ${bystander.toFixed(2)} times.`);
} finally {
  await redis.stop();
}
