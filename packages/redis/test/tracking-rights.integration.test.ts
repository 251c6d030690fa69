import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Cache } from '@larder/core';
import { manualClock } from '@larder/core/testing';
import { type LocalRedis, spawnRedis } from '@larder/servers';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { redisTier } from '../src/index.ts';
import { TRACKING_RIGHTS } from '../src/rights.ts';
import { HOUR, LAG_MS, poll, ticking } from './support/process.ts';
import { client } from './support/tier.ts';
import { settles, start, TRACKING } from './support/tracking.ts';

describe('the rights that tracking takes', () => {
  const rule = (): string[] => {
    const page = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`${TRACKING_RIGHTS}\``);
    return /^ACL SETUSER (larder .+)$/m.exec(page)![1]!.split(' ');
  };
  const place = ({ port }: LocalRedis) => ({
    host: '127.0.0.1',
    port,
    username: 'larder',
    password: 'PASSWORD',
  });
  let server: LocalRedis;
  let admin: Redis;
  beforeEach(async () => {
    server = await spawnRedis();
    admin = await client(server.url);
  });
  afterEach(() => server.stop());

  it('it takes no more than the documentation says', async () => {
    await admin.call('ACL', 'SETUSER', ...rule(), ...TRACKING_RIGHTS.split(' '));
    const process = await start(place(server), 'rights');
    await process.load('first');
    await settles(process);
    await admin.del(await admin.keys('larder:rights:1:e:*'));
    await poll(() => process.load('second')).toBe('second');
    expect(await admin.call('ACL', 'LOG')).toEqual([]);
  });

  it('without them everything is confirmed, and an operator is told', async () => {
    await admin.call('ACL', 'SETUSER', ...rule());
    const clock = manualClock(Date.now());
    const cache = new Cache({ redis: redisTier(place(server)), coherence: TRACKING, clock });
    onTestFinished(() => cache.close());
    const load = (value: string) =>
      ticking(
        clock,
        cache.getOrSet('key', HOUR, () => value),
      );
    const warned = once(process, 'warning');
    await poll(async () => {
      await load('first');
      clock.advance(LAG_MS);
      return (await admin.keys('larder:default:1:e:*')).length;
    }).toBe(1);
    const [warning] = await warned;
    expect(warning).toMatchObject({ code: 'LARDER_TRACKING_REFUSED' });
    expect(String(warning)).toContain(TRACKING_RIGHTS);
    await load('first');
    await admin.flushall();
    clock.advance(LAG_MS);
    expect(await load('second')).toBe('second');
  });
});
