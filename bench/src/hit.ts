import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startRedis } from '@larder/servers';
import autocannon from 'autocannon';
import { median } from './median.ts';

/** What a hit costs, against an Express route that answers the same kilobyte with `res.json` and no cache. */
const WAYS = [
  ['plain', 'res.json, no cache (the baseline)'],
  ['memory', 'hit in memory'],
  ['redis', 'hit in Redis, memory tier off'],
  ['miss', 'handler runs behind cacheResponse, nothing is stored'],
] as const;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '3' } },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];

const redis = await startRedis();
const child = fork(fileURLToPath(new URL('./server.ts', import.meta.url)), {
  execArgv: ['--conditions=@larder/source', '--import', 'tsx'],
  env: { ...process.env, REDIS_URL: redis.url, NODE_ENV: 'production' },
});
const [port] = (await once(child, 'message')) as [number];

/** In turns, so that what else the machine does falls on all alike. */
const rates = new Map<string, number[]>(WAYS.map(([path]) => [path, []]));
for (let round = 0; round <= rounds; round += 1) {
  for (const [path] of WAYS) {
    const { requests, non2xx, errors } = await autocannon({
      url: `http://127.0.0.1:${port}/${path}`,
      connections: 32,
      duration: round === 0 ? 2 : seconds,
    });
    if (non2xx + errors > 0) throw new Error(`${path}: ${non2xx + errors} requests failed`);
    if (round > 0) rates.get(path)!.push(requests.average);
  }
}

const baseline = median(rates.get('plain')!);
console.log(`\n32 connections, 1 KB of JSON, ${rounds} rounds of ${seconds} s, median:\n`);
for (const [path, name] of WAYS) {
  const rate = median(rates.get(path)!);
  console.log(`${rate.toFixed(0).padStart(8)} requests/s   ${(rate / baseline).toFixed(2)} ×   ${name}`);
}

child.disconnect();
await redis.stop();
