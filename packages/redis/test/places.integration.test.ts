import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cache } from '@larder/core';
import { recordingObserver } from '@larder/core/testing';
import { spawnRedis, spawnSecureRedis } from '@larder/servers';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RedisPlace, type RedisTierOptions, redisTier } from '../src/index.ts';
import { aclRule } from '../src/rights.ts';
import { contextOf } from './support/context.ts';
import { client, namespace, redisUrl } from './support/tier.ts';

const PATIENT: RedisTierOptions = { commandTimeoutMs: 20_000 };

async function server(...args: string[]) {
  const redis = await spawnRedis({ args });
  onTestFinished(() => redis.stop());
  return redis;
}

/** A cache without memory, so that a hit comes from there. */
function cacheAt(place: RedisPlace, options: RedisTierOptions = {}) {
  const { observe, next, of } = recordingObserver();
  const cache = new Cache({
    namespace: namespace('place'),
    memory: false,
    redis: redisTier(place, { ...PATIENT, ...options }),
    observe,
  });
  onTestFinished(() => cache.close());
  return { cache, next, of };
}

/** Resolves once a value that was stored there is found there, and one that was invalidated is not. */
async function works(place: RedisPlace, options?: RedisTierOptions): Promise<Cache> {
  const { cache } = cacheAt(place, options);
  let loads = 0;
  const ask = () => cache.getOrSet('key', { ttl: 60, tags: ['a'] }, () => ++loads);
  const isKept = async () => {
    const [first, second] = [await ask(), await ask()];
    return first === second;
  };
  await expect.poll(isKept, { timeout: 20_000 }).toBe(true);
  const before = await ask();
  expect(await cache.invalidate('a')).toEqual({ state: 'done' });
  expect(await ask()).toBe(before + 1);
  return cache;
}

describe('a connection of the tier’s own is made', () => {
  it('to a host and a port, and to a database of a number', async () => {
    const { hostname, port, username, password } = new URL(redisUrl());
    const given = { ...(username && { username }), ...(password && { password }) };
    await works({ host: hostname, port: Number(port || 6379), ...given });
    const { port: own, url } = await server();
    await works({ host: '127.0.0.1', port: own, db: 3 });
    const eyes = await client(url);
    expect(await eyes.dbsize()).toBe(0);
    await eyes.select(3);
    expect(await eyes.dbsize()).toBeGreaterThan(0);
  });

  it('to a database that the URL names', async () => {
    const { url } = await server();
    await works(`${url}/5`);
    const eyes = await client(`${url}/5`);
    expect(await eyes.dbsize()).toBeGreaterThan(0);
  });

  it('to a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'larder-socket-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'redis.sock');
    await server('--unixsocket', path);
    await works({ path });
    await works(`unix://${path}`);
  });

  it('over TLS, with an authority of one’s own', async () => {
    const redis = await spawnSecureRedis();
    onTestFinished(() => redis.stop());
    const { port, ca, url } = redis.secure;
    await works({ host: '127.0.0.1', port, tls: { ca } });
    // An authority that nobody vouches for is refused.
    const { cache } = cacheAt(url);
    expect(await cache.withCache('key', 60, () => 'without Redis')).toBe('without Redis');
    expect(await cache.invalidate('a')).toEqual({ state: 'pending' });
  });

  it('with a prefix in front of every key', async () => {
    const { url } = await server();
    await works(url, { keyPrefix: 'app:cache:' });
    const keys = await (await client(url)).keys('*');
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !key.startsWith('app:cache:'))).toEqual([]);
  });

  it('as a user who may do no more than the documentation says', async () => {
    const { url, port } = await server();
    const admin = await client(url);
    const page = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');
    const [, rule] = /^ACL SETUSER (larder .+)$/m.exec(page)!;
    await admin.call('ACL', 'SETUSER', ...rule!.split(' '));
    expect(`ACL SETUSER ${rule}`).toBe(aclRule('larder:', false));
    const cache = await works({ host: '127.0.0.1', port, username: 'larder', password: 'PASSWORD' });
    await cache.disable();
    await cache.enable();
    expect(await cache.invalidateAll()).toEqual({ state: 'done' });
    const log = (await admin.call('ACL', 'LOG')) as unknown[];
    expect(log).toEqual([]);
  });
});

describe('a cache asks its doctor', () => {
  it('and hears what is wrong with its Redis, and with the client that it was given', async () => {
    const { url } = await server('--maxmemory-policy', 'noeviction');
    const redis = await client(url);
    const { cache } = cacheAt(redis as never);
    await cache.withCache('key', 60, () => 1);
    const { findings, sizing } = await cache.doctor();
    const severities = Object.fromEntries(findings.map(({ check, severity }) => [check, severity]));
    expect(severities).toMatchObject({
      'eviction-policy': 'warning',
      'client-options': 'warning',
      'keys-without-ttl': 'ok',
    });
    expect(sizing?.sampledEntries).toBe(1);
  });

  it('and hears nothing where there is only memory', async () => {
    expect(await new Cache().doctor()).toEqual({ findings: [] });
  });
});

describe('who is not let in', () => {
  it('answers without Redis, and says so once, loudly', async () => {
    const { port } = await server('--requirepass', 'right');
    const warnings: Error[] = [];
    const heard = (warning: Error) => void warnings.push(warning);
    process.on('warning', heard);
    onTestFinished(() => void process.off('warning', heard));
    const { cache } = cacheAt({ host: '127.0.0.1', port, password: 'wrong' });
    for (let i = 0; i < 20; i += 1) expect(await cache.withCache(`key ${i}`, 60, () => i)).toBe(i);
    const denied = () =>
      warnings.filter((warning) => 'code' in warning && warning.code === 'LARDER_REDIS_DENIED');
    await expect.poll(denied).toHaveLength(1);
    expect(denied()[0]!.message).toMatch(/user, password and ACL/);
    expect(denied()[0]!.message).not.toContain('wrong');
  });

  it('is asked no more where a right is taken away, and again when it is given back', async () => {
    const { url, port } = await server();
    const admin = await client(url);
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all');
    const { cache, next, of } = cacheAt(
      { host: '127.0.0.1', port, username: 'app', password: 'secret' },
      { breaker: { openMs: 20 } },
    );
    const asked = async () => {
      await cache.withCache('key', 60, () => 1);
      return { outcome: of('value').at(-1)!.outcome, breaker: of('breaker').length };
    };
    await expect.poll(asked).toMatchObject({ outcome: 'hit' });
    const opened = next('breaker');
    await admin.call('ACL', 'SETUSER', 'app', '-@all');
    await expect.poll(async () => (await asked()).breaker).toBeGreaterThan(0);
    expect((await opened).state).toBe('open');
    await admin.call('ACL', 'SETUSER', 'app', '+@all');
    await expect.poll(asked).toMatchObject({ outcome: 'hit' });
    expect(of('breaker').at(-1)!.state).toBe('closed');
  });
});

describe('a client that the app made', () => {
  it('is named with what of its settings is at odds with a cache, once', async () => {
    const redis = new Redis(redisUrl());
    onTestFinished(() => redis.disconnect());
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    redisTier(redis);
    const [warning] = await warned;
    expect(warning.code).toBe('LARDER_CLIENT_OPTIONS');
    expect(warning.message).toMatch(/maxRetriesPerRequest is 20.*autoResendUnfulfilledCommands is true/);
    let more = 0;
    const count = () => {
      more += 1;
    };
    process.on('warning', count);
    redisTier(redis);
    redisTier(
      new Redis(redisUrl(), {
        lazyConnect: true,
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', count);
    expect(more).toBe(0);
  });

  it('keeps its listeners, its status and its subscriptions when the cache is closed', async () => {
    const redis = await client();
    const before = redis.eventNames().map((name) => [name, redis.listenerCount(name)]);
    const { store, lock } = redisTier(redis, PATIENT).open(contextOf(namespace('kept')));
    await (await store.snapshot(['n:'])).stands(['n:']);
    await lock.close();
    await store.close();
    expect(redis.eventNames().map((name) => [name, redis.listenerCount(name)])).toEqual(before);
    expect(redis.status).toBe('ready');
  });
});
