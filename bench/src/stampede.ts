import { randomUUID } from 'node:crypto';
import { startRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import { median } from './median.ts';
import { Competitor } from './stampede/competitor.ts';
import { options } from './stampede/options.ts';
import { table } from './stampede/report.ts';
import { versions } from './stampede/versions.ts';
import { WAYS } from './stampede/ways.ts';

/**
 * A stampede: everybody asks for one key that is not in the cache, at the same time and of several processes on one
 * Redis, and the handler behind it takes its time. Ten thousand connections are opened first and then all used at
 * once, so that it is the answering that is measured. A round that is not counted lets processes connect to Redis
 * and get warm; in each further one the key is new. Every way has servers of its own, and they take turns, so that
 * what else the machine does falls on all alike.
 *
 * What each cache is: `stampede/routes.ts`. Nothing is asserted: times are to be read against the handler's own time
 * and against no cache, on the same machine in the same run.
 *
 *     pnpm bench:stampede --requests 10000 --processes 3 --handler-ms 100 --rounds 3 --ways none,larder,bentocache
 *
 * `--profile <folder>` leaves a CPU profile of every server there.
 */
const { requests, processes, handlerMs, rounds, ways, profileDir } = options();
// Servers are ended when this process exits, which a signal alone does not make it do in order.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const redis = await startRedis();
const counting = new Redis(redis.url);
async function redisCalls(): Promise<number> {
  const [, calls] = /total_commands_processed:(\d+)/.exec(await counting.info('stats')) ?? [];
  return Number(calls);
}

const competitors: Competitor[] = [];
for (const way of ways) {
  const shared = { redisUrl: redis.url, handlerMs, profileDir, requests, redisCalls };
  competitors.push(await Competitor.start(way, { ...shared, count: processes }));
}
console.log(
  `${requests} connections to ${processes} processes, a handler of ${handlerMs} ms, ${rounds} rounds`,
);
console.log(`Node ${process.version}, Redis: ${redis.how}, ${versions(ways).join(', ')}`);

const run = randomUUID().slice(0, 8);
for (const one of competitors) await one.warm(`${run}-warm`);
for (let round = 1; round <= rounds; round += 1) {
  for (const one of competitors) await one.compete(`${run}-${round}`);
}

const measured = new Map(competitors.map((one) => [one.way, one.measured]));
const sending = [...measured.values()].flatMap((one) => one.rounds.map(({ sendingMs }) => sendingMs));
console.log(`\nMedians; to send the requests of a round took ${median(sending).toFixed(0)} ms:\n`);
console.log(table(measured, handlerMs));
for (const { way, failures } of competitors) {
  for (const [what, times] of failures) console.log(`\n${WAYS[way].title}: ${times} × ${what}`);
}

await Promise.all(competitors.map((one) => one.stop()));
counting.disconnect();
await redis.stop();
