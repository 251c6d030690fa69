import { spawnRedis } from '@larder/servers';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { open, settle } from '../availability/kit.ts';
import { clientOf, rig } from '../support/rig.ts';
import { freshPath, poll, type Shop } from '../support/shop.ts';
import { madeAnew, REFUSABLE, shared, watch } from './kit.ts';

const PASSWORD = 'the-secret-of-the-shop';

/** A user with all rights on what is ours, by whom `client` need not be known itself. */
const allow = (client: Redis) =>
  client.acl('SETUSER', 'shop', 'on', 'resetpass', `>${PASSWORD}`, '~larder:*', '&larder:*', '+@all');

const LOUD = /\[LARDER_REDIS_DENIED\] LarderWarning: /g;

const warnings = ({ complaints }: Shop): number => complaints.match(LOUD)?.length ?? 0;

describe('F10: a Redis that does not let the process in', () => {
  it('F10: WRONGPASS, NOAUTH or NOPERM at its start: it says so once, serves without it, and shares as soon as it may', async () => {
    const redis = await spawnRedis();
    onTestFinished(() => redis.stop());
    const client = await clientOf(redis);
    await client.acl('SETUSER', 'shop', 'on', '>another', '~larder:*', '&larder:*', '+@all');
    await client.acl('SETUSER', 'guest', 'on', `>${PASSWORD}`, 'resetkeys', '-@all');
    await client.acl('SETUSER', 'default', `>${PASSWORD}`);
    const { port } = redis;
    const at = { host: '127.0.0.1', port };
    const refused = [
      ['WRONGPASS', await open({ ...at, username: 'shop', password: PASSWORD }, REFUSABLE)],
      ['NOPERM', await open({ ...at, username: 'guest', password: PASSWORD }, REFUSABLE)],
      ['NOAUTH', await open(at, REFUSABLE)],
    ] as const;
    for (const [reason, { one }] of refused) {
      await madeAnew(one, freshPath(), 10);
      await poll(() => warnings(one)).toBe(1);
      expect(one.complaints).toContain(reason);
    }
    await allow(client);
    await client.acl('SETUSER', 'guest', '~larder:*', '&larder:*', '+@all');
    await client.acl('SETUSER', 'default', 'nopass');
    for (const [, made] of refused) {
      await settle(made);
      expect(made.one.complaints).not.toContain(PASSWORD);
      expect(warnings(made.one)).toBe(1);
    }
  });

  it('F10: NOPERM or WRONGPASS while it runs: it says so once, serves without it, and tells it first what is out of date', async () => {
    const { one, shops, client } = await rig({
      ...REFUSABLE,
      async place({ port }, client) {
        await allow(client);
        return { host: '127.0.0.1', port, username: 'shop', password: PASSWORD };
      },
    });
    const path = freshPath();
    for (const [deny, told] of DENIALS) {
      await shared(shops, path);
      const since = await watch(shops);
      await deny(client);
      for (const shop of shops) {
        await madeAnew(shop, path, 10);
        const { breakers, connections } = await since(shop);
        expect([...breakers, ...connections]).toContain(told);
      }
      expect(await one.call('invalidate', 'thing')).toEqual({ state: 'pending' });
      await madeAnew(one, path);
      await allow(client);
      await poll(async () => (await since(one)).pending).toBe(0);
      await shared(shops, path);
    }
    for (const shop of shops) {
      expect(warnings(shop)).toBe(1);
      expect(shop.complaints).not.toContain(PASSWORD);
    }
  });
});

/** Takes the rights of who is in already. */
const restrict = (client: Redis) => client.acl('SETUSER', 'shop', '-@all');

/** Sends away who is in, and does not let them in again. */
async function expel(client: Redis): Promise<void> {
  await client.acl('SETUSER', 'shop', 'resetpass', '>another');
  await client.client('KILL', 'USER', 'shop');
}

/** And what is told of it. */
const DENIALS = [
  [restrict, 'open'],
  [expel, 'lost'],
] as const;
