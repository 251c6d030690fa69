import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Hold, Lock } from '@larder/core';
import { spawnRedis } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { redisTier } from '../src/index.ts';
import { contextOf } from './support/context.ts';
import { held, holdBack, LONG_MS, lockOnClient, openLock, taken, two, untilHearing } from './support/lock.ts';
import { client, namespace, redisUrl } from './support/tier.ts';

/** Asks again whenever it is woken, until it is the holder. */
async function succeed(lock: Lock, key = 'key'): Promise<Hold> {
  for (;;) {
    const grant = await lock.acquire(key, LONG_MS);
    if (grant.kind === 'held') return grant;
    await grant.freed(LONG_MS);
  }
}

async function server() {
  const own = await spawnRedis();
  onTestFinished(() => own.stop());
  return own;
}
/** A lock on a client that logs in as somebody who may do everything but what the rules take away. */
async function lockOfUser(name: string, ...rules: string[]) {
  const { url } = await server();
  const admin = await client(url);
  await admin.acl('SETUSER', name, 'on', '>secret', '~*', '+@all', ...rules);
  return lockOnClient(name, {}, url.replace('redis://', `redis://${name}:secret@`));
}

describe('a lock in Redis, when something breaks', () => {
  it('a holder that is killed is succeeded once its time has run out', async () => {
    const name = namespace('killed');
    const { lock } = await openLock(name);
    const child = fork(fileURLToPath(new URL('./support/holder.ts', import.meta.url)), {
      execArgv: ['--conditions=@larder/source', '--import', 'tsx'],
      env: { ...process.env, REDIS_URL: redisUrl(), NAMESPACE: name, KEY: 'key', TTL_MS: '2000' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    expect(await once(child, 'message')).toEqual(['held', undefined]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const freed = (await taken(lock)).freed(LONG_MS);
    expect(await freed).toBeUndefined();
    await succeed(lock);
  });

  it('scripts that Redis has forgotten are given to it again', async () => {
    const { mine, theirs, redis } = await two('flush', (await server()).url);
    const flush = () => redis.script('FLUSH');
    await flush();
    const hold = await held(mine);
    const freed = (await taken(theirs)).freed(LONG_MS);
    await flush();
    expect(await hold.extend(LONG_MS)).toBe(true);
    await flush();
    await hold.release('stored');
    expect(await freed).toBe('stored');
  });

  it('a subscription that is cut off wakes who waits, and hears again once it stands again', async () => {
    const { mine, theirs, redis } = await two('cut', (await server()).url);
    const hold = await held(mine);
    const freed = (await taken(theirs)).freed(LONG_MS);
    await redis.client('KILL', 'TYPE', 'pubsub');
    expect(await freed).toBeUndefined();
    const successor = succeed(theirs);
    await hold.release('stored');
    await (await successor).release('stored');
    await untilHearing(theirs);
  });

  it('where nothing may be subscribed to, who waits goes on asking', async () => {
    const { lock } = await lockOfUser('deaf', '&*', '-subscribe');
    const hold = await held(lock);
    expect(await (await taken(lock)).freed(LONG_MS)).toBeUndefined();
    const successor = succeed(lock);
    await hold.release('stored');
    await successor;
  });

  it('where nothing may be published, a release says so, and frees all the same', async () => {
    const { lock } = await lockOfUser('mute', 'resetchannels');
    const hold = await held(lock);
    await taken(lock);
    await expect(hold.release('stored')).rejects.toThrow('LARDER_STORE_FAILED');
    await held(lock);
  });

  it('a lock that was asked for and given up is not held for nobody', async () => {
    const name = namespace('late');
    const { lock: other } = await openLock(name);
    const { redis, lock } = await lockOnClient(name);
    const { answered, giveUp } = holdBack(redis);
    const asking = lock.acquire('key', LONG_MS);
    await answered;
    giveUp();
    await expect(asking).rejects.toThrow('LARDER_STORE_FAILED');
    await expect.poll(async () => (await other.acquire('key', LONG_MS)).kind).toBe('held');
  });

  it('without a Redis nothing is asked, and closing ends whatever there is', async () => {
    const { lock, store } = redisTier('redis://127.0.0.1:1').open(contextOf('gone'));
    await expect(lock.acquire('key', LONG_MS)).rejects.toThrow('LARDER_STORE_SKIPPED');
    await expect(lock.acquire('key', LONG_MS)).rejects.toThrow('LARDER_STORE_SKIPPED');
    await lock.close();
    await store.close();
  });
});
