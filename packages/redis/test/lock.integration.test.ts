import { lockContract } from '@larder/core/testing';
import { describe, expect, it } from 'vitest';
import { held, holdBack, LONG_MS, lockOnClient, openLock, taken, two, untilHearing } from './support/lock.ts';
import { client, namespace } from './support/tier.ts';

const run = namespace('lock');

lockContract('Redis', (place) => openLock(`${run}-${place}`));

/** What is published to the channel, as somebody else hears it. */
async function heardOn(channel: string): Promise<string[]> {
  const heard: string[] = [];
  const listening = await client();
  listening.on('message', (_channel: string, message: string) => heard.push(message));
  await listening.subscribe(channel);
  return heard;
}

describe('in Redis', () => {
  it('every lock is one key that carries the namespace, ends in a digest, and expires', async () => {
    const { mine, theirs, redis, keys } = await two('keys');
    const locks = async () => (await keys()).filter((key) => key.includes(':l:'));
    const expiring = async () => {
      const names = await locks();
      expect(names).toEqual([expect.stringMatching(/:1:l:[\w-]{43}$/)]);
      expect(await redis.pttl(names[0]!)).toBeGreaterThan(0);
      expect(await redis.pttl(names[0]!)).toBeLessThanOrEqual(LONG_MS);
    };
    const hold = await held(mine, '{slot} key\r\n*');
    await expiring();
    await taken(theirs, '{slot} key\r\n*');
    await expiring();
    await hold.extend(LONG_MS);
    await expiring();
    await hold.release('stored');
    expect(await locks()).toEqual([]);
  });

  it('a release is published only when somebody waits', async () => {
    const { mine, theirs, redis, channel } = await two('publish');
    const heard = await heardOn(channel);
    await (await held(mine)).release('stored');
    const hold = await held(mine);
    await taken(theirs);
    await hold.release('unshared');
    await (await held(mine)).release('failed');
    await redis.publish(channel, 'the end');
    await expect.poll(() => heard.at(-1)).toBe('the end');
    expect(heard.map((message) => message.split(' ')[1])).toEqual(['unshared', 'end']);
  });

  it('a word that nobody knows wakes who waits and tells nothing', async () => {
    const { mine, theirs, redis, keys, channel } = await two('unknown');
    await held(mine);
    const freed = (await taken(theirs)).freed(LONG_MS);
    const name = (await keys()).find((key) => key.includes(':l:'))!;
    for (const message of ['', ' ', 'stored', 'other stored', `${name} sold`])
      await redis.publish(channel, message);
    expect(await freed).toBeUndefined();
  });

  it('what is under the name of a lock and is none is overwritten, and never freed by who it is not', async () => {
    const { mine, theirs, redis, keys } = await two('garbage');
    const hold = await held(mine);
    const name = (await keys()).find((key) => key.includes(':l:'))!;
    const token = await redis.get(name);
    const spoil = [
      () => redis.lpush(name, 'x'),
      () => redis.hset(name, 't', token!),
      () => redis.set(name, 'something else', 'PX', LONG_MS),
      () => redis.set(name, '', 'PX', LONG_MS),
      () => redis.set(name, token!),
      () => redis.set(name, `${token}?`, 'PX', LONG_MS),
    ];
    for (const write of spoil) {
      await redis.del(name);
      await write();
      const next = await held(theirs);
      expect(await hold.extend(LONG_MS)).toBe(false);
      await hold.release('stored');
      await taken(mine);
      await next.release('stored');
    }
    await redis.lpush(name, 'x');
    await hold.release('stored');
    expect(await hold.extend(LONG_MS)).toBe(false);
    expect(await redis.type(name)).toBe('list');
  });

  it('a release that is told before its waiter has been answered is not missed', async () => {
    const name = namespace('early');
    const { lock: holder } = await openLock(name);
    const { redis, lock } = await lockOnClient(name);
    await untilHearing(lock);
    const hold = await held(holder);
    const behind = await held(holder, 'behind');
    const heardBehind = (await taken(lock, 'behind')).freed(LONG_MS);
    const { answered, goOn } = holdBack(redis);
    const asking = lock.acquire('key', LONG_MS);
    await answered;
    await hold.release('stored');
    // Words come in the order in which they were said: with the second, the first is there.
    await behind.release('failed');
    expect(await heardBehind).toBe('failed');
    goOn();
    const grant = await asking;
    expect(grant.kind === 'taken' && (await grant.freed(LONG_MS))).toBe('stored');
  });
});

describe('on a client that the app made', () => {
  it('a lock hears on a connection of its own, and leaves the client open, its prefix where it was', async () => {
    const name = namespace('handed');
    const { redis, lock } = await lockOnClient(name, { keyPrefix: 'app:' });
    await held(lock);
    await untilHearing(lock);
    const admin = await client();
    const hearing = async () => (await admin.pubsub('NUMSUB', `app:larder:${name}:1:f`))[1];
    expect(await hearing()).toBe(1);
    expect(await admin.keys(`app:larder:${name}:*`)).toHaveLength(1);
    expect(await admin.keys(`larder:${name}:*`)).toEqual([]);
    await lock.close();
    await expect.poll(hearing).toBe(0);
    expect(redis.status).toBe('ready');
    expect(await redis.ping()).toBe('PONG');
  });

  it('a lock works whatever the client is set to make of numbers and of commands that take long', async () => {
    const options = {
      stringNumbers: true,
      commandTimeout: 5000,
      socketTimeout: 5000,
      autoResubscribe: false,
    };
    const { lock } = await lockOnClient(namespace('set'), options);
    await untilHearing(lock);
    const hold = await held(lock);
    await taken(lock);
    expect(await hold.extend(LONG_MS)).toBe(true);
  });
});
