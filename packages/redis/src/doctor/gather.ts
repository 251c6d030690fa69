import type { Redis } from 'ioredis';
import { ask, askOn } from './answer.ts';
import type { About, Facts, Line } from './facts.ts';
import type { OurKeys } from './our-keys.ts';
import { readClock, roundTrips } from './probes.ts';
import { infoOf, loginOf, slowCallsOf } from './replies.ts';
import { sizesOf, takeSample, ttlsOf } from './sample.ts';

const SLOW_CALLS = 128;

/** Asks one node all there is to ask, a question at a time; none of them changes anything there. */
export async function gather(connection: Redis, line: Line, keys: OurKeys, about: About): Promise<Facts> {
  const { deadlineMs = 50, budgetMs = 60, sample: wanted = 1000, now } = about;
  const roundTripsMs = await ask('+ping', () => roundTrips(connection));
  const clock = await ask('+time', () => readClock(connection, now));
  const info = await ask('+info', async () => infoOf(await connection.info()));
  const save = await ask('+config|get', async () => String((await settings(connection, 'save'))[1] ?? ''));
  const login = await ask('+acl|whoami +acl|getuser', () => whoIs(connection));
  const slowCalls = await askOn(clock, '+slowlog|get', async ({ aheadMs }) =>
    slowCallsOf(
      (await connection.slowlog('GET', SLOW_CALLS)) as unknown[],
      (now() + aheadMs) / 1000,
      keys.isOurs,
    ),
  );
  const sample = await ask(`+scan +dbsize ~${keys.start}*`, () => takeSample(connection, keys, wanted));
  const ttls = await askOn(sample, `+pttl ~${keys.start}*`, ({ ours }) =>
    ttlsOf(connection, ours.slice(0, wanted)),
  );
  const sizes = await askOn(sample, `+memory|usage ~${keys.start}*`, ({ ours }) =>
    sizesOf(connection, ours.filter(keys.isEntry).slice(0, wanted)),
  );
  const limits = { deadlineMs, budgetMs };
  return { limits, keys, line, roundTripsMs, clock, info, save, login, slowCalls, sample, ttls, sizes };
}

const settings = (connection: Redis, name: string) => connection.config('GET', name) as Promise<unknown[]>;

async function whoIs(connection: Redis) {
  const name = String(await connection.acl('WHOAMI'));
  return loginOf(name, (await connection.acl('GETUSER', name)) as unknown[]);
}
